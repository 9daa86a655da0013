package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/render/cache"
)

func cacheCommand() *cli.Command {
	return &cli.Command{
		Name:      "cache",
		Usage:     "show, trim or empty the cache of a project",
		ArgsUsage: "[stats|gc|clear] [PROJECT]",
		Description: "The cache is the folder .lathe beside the project file, or the one that LATHE_CACHE names.\n" +
			"LATHE_CACHE_SIZE limits it (20 GB, or a tenth of what is free on its disk); what was not used for longest goes first.\n" +
			"Nothing in it is needed: what is missing is rendered again.",
		Flags:        []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print a JSON object"}},
		BashComplete: func(c *cli.Context) { fmt.Fprint(c.App.Writer, "stats\ngc\nclear\n") },
		Action:       manageCache,
	}
}

func manageCache(c *cli.Context) error {
	if err := atMost(c, 2); err != nil {
		return err
	}
	store, err := cache.Open(render.CacheDir(projectDir(c.Args().Get(1))), cache.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	switch what := c.Args().First(); what {
	case "", "stats":
		s, err := store.Stats(c.Context)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return json.NewEncoder(c.App.Writer).Encode(s)
		}
		fmt.Fprintf(c.App.Writer, "%s: %s of at most %s, %s\n", s.Dir, size(s.Bytes), size(s.MaxBytes), count(s.Entries, "result"))
		if !s.Oldest.IsZero() {
			fmt.Fprintf(c.App.Writer, "longest unused: since %s\n", s.Oldest.Format(time.DateTime))
		}
		return nil
	case "gc", "clear":
		trim := store.GC
		if what == "clear" {
			trim = store.Clear
		}
		t, err := trim(c.Context)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return json.NewEncoder(c.App.Writer).Encode(t)
		}
		fmt.Fprintf(c.App.Writer, "%s: removed %s\n", store.Dir(), size(t.Bytes))
		return nil
	default:
		return usage("cache: %q: expected stats, gc or clear", what)
	}
}

// size writes a number of bytes as people do.
func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%d kB", (n+999)/1000)
}
