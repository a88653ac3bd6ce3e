package threeds

import (
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The forms of values. Each is a small judge that the tables name.

// is makes a form of a test of a text.
func is(ok func(string) bool) form {
	return func(_ Reader, raw json.RawMessage) ErrorCode {
		if s, isText := text(raw); !isText || !ok(s) {
			return FormatInvalid
		}
		return ""
	}
}

// upTo is a text of 1 to n letters that is more than blanks.
func upTo(n int) form { return between(1, n) }

func between(least, most int) form {
	return is(func(s string) bool {
		n := utf8.RuneCountInString(s)
		return n >= least && n <= most && strings.TrimSpace(s) != ""
	})
}

// number is 1 to n ASCII digits.
func number(least, most int) form {
	return is(func(s string) bool { return len(s) >= least && len(s) <= most && digits(s) })
}

// within is a number between two bounds.
func within(least, most, width int) form {
	return is(func(s string) bool {
		if len(s) == 0 || len(s) > width || !digits(s) {
			return false
		}
		n, err := strconv.Atoi(s)
		return err == nil && n >= least && n <= most
	})
}

func oneOf[T ~string](words ...T) form {
	return is(func(s string) bool { return slices.Contains(words, T(s)) })
}

// twoDigits is an enumeration of two digits from first to last.
func twoDigits(first, last int) form {
	return is(func(s string) bool {
		if len(s) != 2 || !digits(s) {
			return false
		}
		n := int(s[0]-'0')*10 + int(s[1]-'0')
		return n >= first && n <= last
	})
}

func boolean(_ Reader, raw json.RawMessage) ErrorCode {
	if s := string(raw); s != "true" && s != "false" {
		return FormatInvalid
	}
	return ""
}

func isTrue(_ Reader, raw json.RawMessage) ErrorCode {
	if string(raw) != "true" {
		return FormatInvalid
	}
	return ""
}

var (
	idForm   = is(uuid)
	panForm  = is(cardNumber)
	ipForm   = is(address)
	langForm = is(func(s string) bool { return len(s) <= 8 && language(s) })
	yesNo    = oneOf(Yes, No)
)

func stamp(layout string) form {
	return is(func(s string) bool {
		_, err := time.Parse(layout, s)
		return err == nil && len(s) == len(layout) && digits(s)
	})
}

// currency and country are of the right form first (203) and known second (304).
func currency(_ Reader, raw json.RawMessage) ErrorCode { return listed(raw, currencies) }
func country(_ Reader, raw json.RawMessage) ErrorCode  { return listed(raw, countries) }

func listed(raw json.RawMessage, codes string) ErrorCode {
	s, ok := text(raw)
	switch {
	case !ok || len(s) != 3 || !digits(s):
		return FormatInvalid
	case !strings.Contains(codes, s):
		return ISOCodeInvalid
	}
	return ""
}

// mcc is four digits (203) in a part of ISO 18245 that is given out (306).
func mcc(_ Reader, raw json.RawMessage) ErrorCode {
	s, ok := text(raw)
	if !ok || len(s) != 4 || !digits(s) {
		return FormatInvalid
	}
	if !KnownMCC(s) {
		return MCCInvalid
	}
	return ""
}

// secureURL is an address that we may be sent to or send a browser to.
func secureURL(most int) form {
	return func(rd Reader, raw json.RawMessage) ErrorCode {
		s, ok := text(raw)
		if !ok || len(s) > most || !rd.SecureURL(s) {
			return FormatInvalid
		}
		return ""
	}
}

// SecureURL tells a whole https address without a name, a password or a
// fragment in it. Plain http is for this very machine, and only where the
// reader was told so.
func (rd Reader) SecureURL(s string) bool {
	u, ok := webURL(s)
	return ok && u.User == nil && u.Fragment == "" &&
		(u.Scheme == "https" || rd.LoopbackHTTP && u.Scheme == "http" && loopback(u.Hostname()))
}

// shownURL is an address that is only shown or kept.
func shownURL(most int) form {
	return is(func(s string) bool { _, ok := webURL(s); return ok && len(s) <= most })
}

func webURL(s string) (*url.URL, bool) {
	// Only visible ASCII: what browsers strip or mend must not get this far.
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
		return nil, false
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, false
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return nil, false
		}
	}
	return u, true
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// object is a JSON object in which nothing is empty.
func object(_ Reader, raw json.RawMessage) ErrorCode {
	var m map[string]json.RawMessage
	if raw[0] != '{' || json.Unmarshal(raw, &m) != nil || !filled(m) {
		return FormatInvalid
	}
	return ""
}

// filled refuses empty texts and nulls: an element that has nothing to say is
// left out.
func filled(m map[string]json.RawMessage) bool {
	for _, raw := range m {
		var inner map[string]json.RawMessage
		switch {
		case string(raw) == "null", string(raw) == `""`:
			return false
		case raw[0] == '{' && (json.Unmarshal(raw, &inner) != nil || !filled(inner)):
			return false
		}
	}
	return true
}

// shape is an object whose known members have forms of their own; those that
// are needed have to be there.
func shape(table ...element) form {
	return func(rd Reader, raw json.RawMessage) ErrorCode {
		if code := object(rd, raw); code != "" {
			return code
		}
		var m members
		if json.Unmarshal(raw, &m) != nil {
			return FormatInvalid
		}
		for _, e := range table {
			inner := m[e.name]
			if inner == nil && e.need == nil {
				continue
			}
			if inner == nil || e.is(rd, inner) != "" {
				return FormatInvalid
			}
		}
		return ""
	}
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// uuid is the lower-case form of RFC 4122, 36 letters.
func uuid(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'f':
		default:
			return false
		}
	}
	return true
}

// versionForm is three numbers with points, 5 to 8 letters.
func versionForm(s string) bool {
	if len(s) < 5 || len(s) > 8 {
		return false
	}
	parts := strings.Split(s, ".")
	return len(parts) == 3 && !slices.ContainsFunc(parts, func(p string) bool { return p == "" || !digits(p) })
}

func address(s string) bool {
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Zone() == "" && len(s) <= 45
}

// language is a tag of BCP 47: letters and digits in parts of 1 to 8.
func language(s string) bool {
	for part := range strings.SplitSeq(s, "-") {
		if len(part) < 1 || len(part) > 8 || strings.ContainsFunc(part, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
		}) {
			return false
		}
	}
	return true
}

// zone is the browser's distance from UTC in minutes: "-180", "60".
func zone(s string) bool {
	rest := strings.TrimLeft(s, "+-")
	if len(s)-len(rest) > 1 || len(s) > 5 || len(rest) == 0 || !digits(rest) {
		return false
	}
	n, err := strconv.Atoi(rest)
	return err == nil && n <= 24*60
}

// printable refuses letters that no eye sees and that change what an eye
// reads: controls, halves of surrogate pairs, turns of the writing direction.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
	})
}

// authenticationValue is 20 bytes in 28 letters of base64.
func authenticationValue(s string) bool {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil && len(s) == 28 && len(b) == valueSize
}
