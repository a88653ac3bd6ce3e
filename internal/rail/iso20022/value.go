package iso20022

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// wrong holds a text against the tag of its field.
func wrong(s, rule string) Reason {
	kind, rest, _ := strings.Cut(rule, " ")
	switch kind {
	case "set":
		if !slices.Contains(strings.Fields(rest), s) {
			return Code
		}
	case "word":
		if n, _ := strconv.Atoi(rest); len(s) > n || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
			return Code
		}
	case "currency":
		if !capitals(s, 3) {
			return Code
		}
	case "bik":
		if !digits(s) || len(s) != 9 {
			return Number
		}
	case "count":
		if !digits(s) || len(s) > 15 || s[0] == '0' {
			return Number
		}
	case "date":
		if !isDate(s) {
			return Date
		}
	case "time":
		if !isTime(s) {
			return Time
		}
	case "uetr":
		if !isUETR(s) {
			return UETR
		}
	default:
		n, _ := strconv.Atoi(kind)
		return wrongText(s, n)
	}
	return ""
}

// wrongText checks a text of at most n characters: no control characters, line
// breaks among them, and none that XML cannot hold.
func wrongText(s string, n int) Reason {
	if !utf8.ValidString(s) {
		return Charset
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF' {
			return Charset
		}
	}
	if utf8.RuneCountInString(s) > n {
		return Length
	}
	return ""
}

func isDate(s string) bool {
	t, err := time.Parse(time.DateOnly, s)
	return err == nil && t.Year() > 0
}

// timeForm is how we write a time: seconds, or parts of them, and the offset.
const timeForm = "2006-01-02T15:04:05.999999999Z07:00"

func isTime(s string) bool {
	// Parse takes a comma for the point and a fraction of any length.
	t, err := time.Parse(timeForm, s)
	if err != nil || len(s) > 35 || strings.Contains(s, ",") {
		return false
	}
	_, offset := t.Zone()
	return t.Year() > 0 && offset >= -maxOffset && offset <= maxOffset
}

// maxOffset is the furthest that a zone may be from UTC, in seconds.
const maxOffset = 14 * 60 * 60

// FormatTime writes a time with its offset, to the second.
func FormatTime(t time.Time) string { return t.Format("2006-01-02T15:04:05Z07:00") }

// isUETR tells a random UUID in small letters.
func isUETR(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return false
		}
	}
	return s[14] == '4' && strings.IndexByte("89ab", s[19]) >= 0
}
