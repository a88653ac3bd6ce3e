package ledger

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db/dbtest"
)

// TestCommitDidNotReachItsReplica: the server says, during the commit, that
// it gave up waiting for its replica. The money moved here, but a failover
// would not know it: the answer is unknown, until somebody asks by key.
func TestCommitDidNotReachItsReplica(t *testing.T) {
	url := dbtest.Postgres(t)
	h := newHouse(t, dbtest.Open(t, url, clock.System()), url, Options{})
	clients.Add(100)
	a, b := h.account(1, 100), h.account(2, 0)
	h.exec(dbtest.Unreplicated("txn"))
	tr := transfer(1, a, b, 60)
	if _, err := h.book.Post(bg, tr); !errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("told %v", err)
	}
	if err := h.book.Healthy(); err != nil {
		t.Error(err)
	}
	if r := h.post(tr); !r.Replay || r.Refused() {
		t.Errorf("asked by key: %+v", r)
	}
	h.balance(a, 40, 0)
}

// TestErrorsOfATranslatedServer: a server that speaks its owner's language
// must not be taken for one that is gone.
func TestErrorsOfATranslatedServer(t *testing.T) {
	p := &postgres{}
	for code, want := range map[string]error{"40001": errAgain, "55P03": errLocked, "53100": errFull} {
		err := p.classify(&pgconn.PgError{Severity: "ОШИБКА", SeverityUnlocalized: "ERROR", Code: code}, true)
		if !errors.Is(err, want) || errors.Is(err, errUnknown) {
			t.Errorf("%s gave %v, want %v", code, err, want)
		}
	}
}
