package balance

import (
	"math"
	"slices"
)

// edge is a limit as a way from one song to another: following it, a move may
// grow by at most so much.
type edge struct {
	from, to int
	most     float64
	rule     string
}

// contradiction returns the fewest rules that cannot be kept together, or nil
// where all can. A set of differences x[a] - x[b] <= most can be kept if and only
// if no way around through them comes back with less than it left with; such a
// round is a contradiction of which no rule can be left out. The node after the
// last song stands for the moves themselves.
func contradiction(limits []limit, songs int) []string {
	var edges []edge
	for _, l := range limits {
		e := edge{from: l.b, to: l.a, most: l.most, rule: l.rule}
		if e.from < 0 {
			e.from = songs
		}
		if e.to < 0 {
			e.to = songs
		}
		edges = append(edges, e)
	}
	if !contradicts(edges, songs+1) {
		return nil
	}
	var best []string
	for start := range songs + 1 {
		if round := shortestRound(edges, songs+1, start, len(best)); round != nil {
			best = round
		}
	}
	return best
}

// contradicts is Bellman's and Ford's test for a negative round.
func contradicts(edges []edge, nodes int) bool {
	reach := make([]float64, nodes)
	for range nodes {
		changed := false
		for _, e := range edges {
			if d := reach[e.from] + e.most; d < reach[e.to]-settled {
				reach[e.to], changed = d, true
			}
		}
		if !changed {
			return false
		}
	}
	return true
}

// shortestRound returns the rules of the shortest negative round through a node
// that has fewer edges than limit (0: any number), or nil.
func shortestRound(edges []edge, nodes, start, limit int) []string {
	if limit == 0 {
		limit = nodes + 1
	}
	reach := make([]float64, nodes)
	for i := range reach {
		reach[i] = math.Inf(1)
	}
	reach[start] = 0
	var came [][]int // by the number of edges walked: the last of them, by node
	for n := 1; n < limit; n++ {
		next, last := slices.Repeat([]float64{math.Inf(1)}, nodes), slices.Repeat([]int{-1}, nodes)
		for i, e := range edges {
			if d := reach[e.from] + e.most; d < next[e.to] {
				next[e.to], last[e.to] = d, i
			}
		}
		came = append(came, last)
		if next[start] < -settled {
			return walk(edges, came, start)
		}
		reach = next
	}
	return nil
}

// walk lists the rules of a round, back from its end, each once.
func walk(edges []edge, came [][]int, end int) []string {
	var rules []string
	for n := len(came) - 1; n >= 0; n-- {
		e := edges[came[n][end]]
		if !slices.Contains(rules, e.rule) {
			rules = append(rules, e.rule)
		}
		end = e.from
	}
	return rules
}
