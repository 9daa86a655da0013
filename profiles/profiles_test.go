package profiles

import (
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	for _, c := range []struct {
		names []string
		read  func(string) ([]byte, bool)
		some  string
	}{
		{DeliveryNames(), Delivery, "streaming"},
		{PresetNames(), Preset, "vocal/lead"},
		{PlaybackNames(), Playback, "spotify"},
	} {
		if !slices.IsSorted(c.names) || !slices.Contains(c.names, c.some) {
			t.Errorf("names: %v", c.names)
		}
		for _, name := range c.names {
			if data, ok := c.read(name); !ok || len(data) == 0 {
				t.Errorf("%s is listed, but cannot be read", name)
			}
		}
		for _, name := range []string{"", "none", "../profiles", c.some + ".yaml", "/" + c.some} {
			if _, ok := c.read(name); ok {
				t.Errorf("%q names something", name)
			}
		}
	}
}
