package emv

import (
	"crypto/subtle"
	"strings"
)

func isDigits(s string, least, most int) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// lastDigits gives the last n digits, with zeros before a shorter text.
func lastDigits(s string, n int) string {
	if len(s) < n {
		return strings.Repeat("0", n-len(s)) + s
	}
	return s[len(s)-n:]
}

// packDigits puts two digits into a byte; the text has an even length.
func packDigits(s string) []byte {
	out := make([]byte, len(s)/2)
	for i := range out {
		out[i] = (s[2*i]-'0')<<4 | (s[2*i+1] - '0')
	}
	return out
}

// decimalise takes n decimal digits out of hexadecimal ones: those that are
// decimal from left to right, and if they do not suffice the letters from left
// to right with A for 0 … F for 5. PVV, CVV and option B share it.
func decimalise(b []byte, n int) string {
	var out [40]byte
	got := 0
	for pass := range 2 {
		for i := 0; i < 2*len(b) && got < n; i++ {
			d := b[i/2] >> 4
			if i%2 == 1 {
				d = b[i/2] & 0x0F
			}
			if letter := d > 9; letter == (pass == 1) {
				out[got] = '0' + d%10
				got++
			}
		}
	}
	return string(out[:n])
}

// Same compares two values, such as a PVV with the stored one, in a time that
// does not tell where they differ.
func Same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
