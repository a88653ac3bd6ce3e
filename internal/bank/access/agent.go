package access

import (
	"strings"
	"time"
)

// coarse gives browser and system of a User-Agent header, «Chrome, Android»,
// and nothing that would tell one phone of a model from another. It never
// repeats what the header says.
func coarse(agent string) string {
	if len(agent) > 1000 {
		agent = agent[:1000]
	}
	first := func(pairs [][2]string) string {
		for _, p := range pairs {
			if strings.Contains(agent, p[0]) {
				return p[1]
			}
		}
		return ""
	}
	// Each browser also names those it descends from: the youngest comes first.
	browser := first([][2]string{
		{"YaBrowser", "Yandex Browser"}, {"Edg", "Edge"}, {"OPR", "Opera"}, {"SamsungBrowser", "Samsung Internet"},
		{"FxiOS", "Firefox"}, {"Firefox", "Firefox"}, {"CriOS", "Chrome"}, {"Chrome", "Chrome"}, {"Safari", "Safari"},
	})
	system := first([][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Macintosh", "macOS"},
		{"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	})
	switch {
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + ", " + system
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
