package dispute

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// Where this room rests ciphertexts: under the client's own data key.
var _ = vault.Declare(vault.Column{Table: "dispute_word", Name: "body", Class: vault.PII, Key: []string{"client", "id"}, Row: []string{"id"}})

func place(word id.ID) vault.At { return vault.At{Table: "dispute_word.body", Row: word.Bytes()} }

// worded gives a message in its one form: visible characters and lines.
func worded(text string, least int) (string, error) {
	text = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text))
	n := utf8.RuneCountInString(text)
	if !utf8.ValidString(text) || n < least || n > maxWords {
		return "", ErrWords
	}
	for _, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			return "", ErrWords
		}
	}
	return text, nil
}
