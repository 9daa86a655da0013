package spec

import (
	"strings"
	"unicode/utf8"
)

// manyNames is from where on no names are suggested: nobody mistypes one of a
// thousand, and a broken file of the largest size has to be reported soon.
const manyNames = 1000

// suggest returns the candidate that was probably meant, or "". Two words are
// alike when they differ in letter case only, or by at most two slips of the
// finger (one in words of up to four letters).
func suggest(word string, candidates []string) string {
	if len(candidates) > manyNames || len(word) > 100 {
		return ""
	}
	allowed := 2
	if utf8.RuneCountInString(word) <= 4 {
		allowed = 1
	}
	best, bestDistance := "", allowed+1
	for _, c := range candidates {
		distance := allowed + 1
		switch {
		case c == word:
			continue
		case strings.EqualFold(c, word):
			distance = 0
		case len(c) <= 100:
			distance = slips([]rune(strings.ToLower(word)), []rune(strings.ToLower(c)))
		}
		if distance < bestDistance && distance < utf8.RuneCountInString(word) {
			best, bestDistance = c, distance
		}
	}
	return best
}

// didYouMean is the hint that goes with suggest, or "".
func didYouMean(word string, candidates []string) string {
	if s := suggest(word, candidates); s != "" {
		return "did you mean " + s + "?"
	}
	return ""
}

// orElse gives the candidates themselves where none of them is close.
func didYouMeanOr(word string, candidates []string, otherwise string) string {
	if hint := didYouMean(word, candidates); hint != "" {
		return hint
	}
	return otherwise
}

// slips is the optimal string alignment distance: how many letters must be
// inserted, removed, replaced, or swapped with their neighbour.
func slips(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
