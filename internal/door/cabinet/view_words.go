package cabinet

import (
	"strconv"
	"strings"
	"time"
)

// given is the first word of a name: «Аня» of «Аня Соколова».
func given(name string) string {
	first, _, _ := strings.Cut(name, " ")
	return first
}

// wholeSeconds writes a wait for the script that counts it down.
func wholeSeconds(d time.Duration) string {
	return strconv.Itoa(int((d + time.Second - 1) / time.Second))
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
