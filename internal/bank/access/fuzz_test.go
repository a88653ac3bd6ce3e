package access

import (
	"strings"
	"testing"

	"rocketbank/internal/base/fault"
)

// What a browser answers for a passkey comes from a stranger: it is a refusal
// with words or an answer within bounds, never a crash.
func FuzzParseAnswer(f *testing.F) {
	const data = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAFAAAAAQ" // authenticator data: 37 bytes
	answer := func(id, kind, authData, client string) string {
		return `{"id":"` + id + `","rawId":"` + id + `","type":"` + kind + `","response":{"authenticatorData":"` + authData + `","clientDataJSON":"` + client + `","signature":"AAAA","userHandle":"AQID"}}`
	}
	const client = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQUFBQSIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3QifQ"
	for _, s := range []string{
		"", "{}", "[]", "null", "\x00", answer("AQID", "public-key", data, client), answer("AQID", "password", data, client),
		answer("AQID", "public-key", "AAAA", client), answer("AQID", "public-key", data, "e30"), answer("", "public-key", data, client),
		answer(strings.Repeat("AAAA", 400), "public-key", data, client), answer("AQID", "public-key", data+"oWFhYWE", client),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := parseAnswer(raw)
		if err != nil {
			if _, ok := fault.As(err); !ok || got != nil {
				t.Errorf("%q: %v %v", raw, got, err)
			}
			return
		}
		if len(got.RawID) > maxCredential || len(raw) > maxAnswer {
			t.Errorf("an answer of %d bytes names a key of %d", len(raw), len(got.RawID))
		}
	})
}
