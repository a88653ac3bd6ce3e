package cardnetwork_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/partner/cardnetwork"
)

// What is no credit is refused before anything is sent, and the error repeats
// nothing.
func TestInvalidCredits(t *testing.T) {
	t.Parallel()
	line, err := cardnetwork.New(cardnetwork.Options{Acquirer: "1", Address: "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*cardnetwork.Credit){
		"no trace number":         func(c *cardnetwork.Credit) { c.STAN = "" },
		"trace number nought":     func(c *cardnetwork.Credit) { c.STAN = "000000" },
		"letters":                 func(c *cardnetwork.Credit) { c.STAN = "00000A" },
		"short reference number":  func(c *cardnetwork.Credit) { c.RRN = "63260900000" },
		"reference with a blank":  func(c *cardnetwork.Credit) { c.RRN = "63260900000 " },
		"no time":                 func(c *cardnetwork.Credit) { c.Sent = time.Time{} },
		"no card":                 func(c *cardnetwork.Credit) { c.PAN = vault.Hidden{} },
		"a mistyped card":         func(c *cardnetwork.Credit) { c.PAN = vault.Hide("5500123456789017") },
		"a long card":             func(c *cardnetwork.Credit) { c.PAN = vault.Hide("55000000000000000000") },
		"nothing":                 func(c *cardnetwork.Credit) { c.Amount = money.Rub(0) },
		"less than nothing":       func(c *cardnetwork.Credit) { c.Amount = money.Rub(-1) },
		"thirteen digits":         func(c *cardnetwork.Credit) { c.Amount = money.Rub(1_000_000_000_000) },
		"dollars":                 func(c *cardnetwork.Credit) { c.Amount = money.Amount{Minor: 100, Cur: 840} },
		"no process":              func(c *cardnetwork.Credit) { c.Process = "00" },
		"no name of the transfer": func(c *cardnetwork.Credit) { c.Reference = "" },
		"two fields in one":       func(c *cardnetwork.Credit) { c.Reference = "a;BAI=AA" },
		"a sender in Cyrillic":    func(c *cardnetwork.Credit) { c.Sender = vault.Hide("ИВАНОВ") },
		"a sender with a field":   func(c *cardnetwork.Credit) { c.Sender = vault.Hide("IVANOV;REF=x") },
	} {
		c := credit(t, 1)
		change(&c)
		out, err := line.Send(t.Context(), c)
		if out.State != cardnetwork.NotSent || !errors.Is(err, cardnetwork.ErrInvalid) || strings.ContainsAny(err.Error(), "0123456789;") {
			t.Errorf("%s: %+v %v", name, out, err)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]cardnetwork.Options{
		"open":             {Acquirer: "1", Address: "network.example:8583"},
		"open by number":   {Acquirer: "1", Address: "10.0.0.1:8583"},
		"no port":          {Acquirer: "1", Address: "127.0.0.1"},
		"no acquirer":      {Address: "127.0.0.1:1"},
		"a long acquirer":  {Acquirer: "123456789012", Address: "127.0.0.1:1"},
		"a long terminal":  {Acquirer: "1", Terminal: "123456789", Address: "127.0.0.1:1"},
		"Cyrillic place":   {Acquirer: "1", Place: "МОСКВА", Address: "127.0.0.1:1"},
		"nothing whatever": {},
	} {
		if _, err := cardnetwork.New(o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := cardnetwork.New(cardnetwork.Options{Acquirer: "1", Address: "network.example:8583", TLS: &tls.Config{}}); err != nil { // #nosec G402 -- the line raises it
		t.Error(err)
	}
}

// Numbers of cards and names of people get into no log and no error, whatever
// the other side does with them.
func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	log := &guarded{}
	hinted := make(chan struct{}, 2)
	o := options()
	o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Late = func(string, string) { hinted <- struct{}{} }
	line, _ := network(t, o, func(p *peer) {
		p.signOn()
		m := p.read()
		a := answered(m, "00")
		a.Set(44, pan) // an answer that brings the number where it should not be
		a.Set(43, pan+strings.Repeat(" ", 24))
		a.Set(4, "000000000001")
		p.write(a) // makes no sense
		p.write(a) // late
		_ = p.out.Write([]byte("0210" + pan + "IVANOV"))
		p.write(answered(m, "96"))
		p.serve("00")
	})
	out, err := send(t.Context(), line, credit(t, 1))
	if out.State != cardnetwork.Unknown {
		t.Errorf("%+v", out)
	}
	<-hinted
	<-hinted // by now all that could be logged is
	told := fmt.Sprintf("%v %+v %#v %v %s", credit(t, 1), credit(t, 1), credit(t, 1), err, out.State) + log.String()
	for _, secret := range []string{pan, pan[4:12], "IVANOV"} {
		if strings.Contains(told, secret) {
			t.Errorf("%s in %s", secret, told)
		}
	}
	for _, word := range []string{"makes no sense", "nobody waits", "not a message", "550012****9019"} {
		if !strings.Contains(told, word) {
			t.Errorf("no %q in %s", word, told)
		}
	}
}

// guarded is a log that several goroutines write.
type guarded struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (g *guarded) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.buf.Write(p)
}

func (g *guarded) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.buf.String()
}
