package accesstest

import (
	"context"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
)

// Uses is how the cards of these tests are used: as a test says.
type Uses struct {
	Held    int      // operations that are not finished
	Regular []string // merchants that charge by themselves
	Past    []card.Past
}

type usesOf struct{ u *Uses }

func (x usesOf) Open(context.Context, db.Tx, client.ID, id.ID) (int, error) { return x.u.Held, nil }

func (x usesOf) Since(context.Context, client.ID, id.ID, time.Time) ([]card.Past, error) {
	return x.u.Past, nil
}

func (x usesOf) Regular(context.Context, client.ID, id.ID, time.Time) ([]string, error) {
	return x.u.Regular, nil
}

// Altered is a token with one character in its middle changed for another of
// base64url, so that it still reads and never by chance says what it said.
func Altered(token string) string {
	b := []byte(token)
	at := len(b) / 2
	if b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return string(b)
}
