package phonerail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/iso20022"
	"rocketbank/internal/rail/signature"
)

const (
	secret = signature.Secret("rail")
	ivan   = "+79165550199"
	zarya  = "100000000901"
)

var ctx = context.Background()

// peer is a rail that says what it is told to say.
type peer struct {
	mu     sync.Mutex
	paths  []string
	bodies []string
	say    func(path string, body string) (status int, kind, answer string)
	seal   func(first, body string) []string // the answer's seals
}

func sealOf(first, body string) []string {
	return []string{signature.Sign(secret, time.Now(), []byte(first+"\n"+body))}
}

func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var raw strings.Builder
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Body.Read(buf)
		raw.Write(buf[:n])
		if err != nil {
			break
		}
	}
	body := raw.String()
	first := r.Method + " " + r.URL.Path + "\n"
	if err := signature.Verify(secret, r.Header.Get("Signature"), []byte(first+body), time.Now()); err != nil || r.Header.Get("Rail-Member") != "100000000900" {
		panic("a call without a good seal")
	}
	p.mu.Lock()
	p.paths, p.bodies = append(p.paths, r.URL.Path), append(p.bodies, body)
	p.mu.Unlock()
	status, kind, answer := p.say(r.URL.Path, body)
	w.Header()["Signature"] = p.seal(strconv.Itoa(status)+" "+r.Method+" "+r.URL.Path, answer)
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(answer))
}

func open(t *testing.T, say func(path, body string) (int, string, string)) (*Client, *peer) {
	t.Helper()
	p := &peer{say: say, seal: sealOf}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	c, err := New(Config{URL: srv.URL, Secret: secret, Member: "100000000900", BIK: "044599900", Account: "30101810000000000900"})
	if err != nil {
		t.Fatal(err)
	}
	return c, p
}

func says(status int, answer string) func(string, string) (int, string, string) {
	return func(string, string) (int, string, string) { return status, "application/json", answer }
}

func TestConfiguration(t *testing.T) {
	good := Config{URL: "https://rail.example/v1", Secret: secret, Member: "100000000900", BIK: "044599900"}
	for name, change := range map[string]func(*Config){
		"plain http":  func(c *Config) { c.URL = "http://rail.example" },
		"no secret":   func(c *Config) { c.Secret = "" },
		"no member":   func(c *Config) { c.Member = "1" },
		"no БИК":      func(c *Config) { c.BIK = "04459990x" },
		"no address":  func(c *Config) { c.URL = "" },
		"a password":  func(c *Config) { c.URL = "https://a:b@rail.example" },
		"a БИК of 12": func(c *Config) { c.BIK = "100000000900" },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil {
			t.Error(name, "is taken")
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

func TestMembers(t *testing.T) {
	c, _ := open(t, says(200, `{"version":"7","members":[{"id":"100000000901","ru":"Банк Заря","en":"Zarya Bank","logo":"x"},{"id":"100000000902","ru":"Кит","en":"Whale","down":true}]}`))
	list, err := c.Members(ctx)
	if err != nil || len(list) != 2 || list[0] != (receiver.Member{ID: zarya, RU: "Банк Заря", EN: "Zarya Bank"}) || !list[1].Down {
		t.Errorf("%+v, %v", list, err)
	}
	member := func(id, ru string) string { return fmt.Sprintf(`{"members":[{"id":%q,"ru":%q,"en":"x"}]}`, id, ru) }
	for name, answer := range map[string]string{
		"nothing": `{}`, "an empty list": `{"members":[]}`, "a short id": member("1", "Заря"), "no name": member(zarya, ""), "a script": member(zarya, "<b>"),
		"an endless name": member(zarya, strings.Repeat("я", 81)), "twice": `{"members":[{"id":"100000000901","ru":"a","en":"a"},{"id":"100000000901","ru":"b","en":"b"}]}`,
		"a member twice": `{"members":[],"members":[]}`, "no JSON": `<html>`, "too long": `{"x":"` + strings.Repeat("x", 300<<10) + `"}`,
	} {
		c, _ := open(t, says(200, answer))
		if list, err := c.Members(ctx); err == nil {
			t.Errorf("%s: %+v", name, list)
		}
	}
}

const pamAnswer = `{"phone":"+79165550199","bank":"100000000901","bik":"044599901","pam":"Иван Петрович С.","account":"abc-1","ttl_s":900}`

func TestLookups(t *testing.T) {
	c, p := open(t, says(200, pamAnswer))
	got, err := c.Look(ctx, ivan, zarya)
	if err != nil || got.Name != "Иван Петрович С." || got.Token.Reveal() != "044599901.abc-1" || got.Life != 15*time.Minute || strings.Contains(p.paths[0], "79165550199") {
		t.Errorf("%+v, %v by %v", got, err, p.paths)
	}
	for old, bad := range map[string]string{
		"+79165550199": "+79165550198", "100000000901": "100000000902", "044599901": "04459990", "Иван Петрович С.": "Иван Петрович Смирнов",
		"Петрович С.": "Петрович С.\\n", "Иван Петрович ": "", "abc-1": "abc 1", `"abc-1"`: `""`, "900}": "0}", "900": "86400", `"pam"`: `"name"`,
		`"bik"`: `"phone":"+7","bik"`,
	} {
		c, _ := open(t, says(200, strings.Replace(pamAnswer, old, bad, 1)))
		got, err := c.Look(ctx, ivan, zarya)
		if err == nil {
			t.Errorf("%q for %q: %+v", bad, old, got)
		} else if strings.Contains(err.Error(), "Иван") || strings.Contains(err.Error(), "5550199") {
			t.Errorf("the error names a person: %v", err)
		}
	}
	for reason, want := range map[string]error{"no_such_receiver": receiver.ErrNobody, "bank_unavailable": receiver.ErrNotConnected, "no_such_bank": receiver.ErrNotConnected, "receiver_refused": receiver.ErrUnwilling} {
		c, _ := open(t, says(422, `{"error":{"reason":"`+reason+`"}}`))
		if _, err := c.Look(ctx, ivan, zarya); !errors.Is(err, want) {
			t.Errorf("%s: %v", reason, err)
		}
	}
	c, _ = open(t, says(200, `{"phone":"+79165550198","bank":""}`))
	if bank, err := c.Default(ctx, ivan); err == nil {
		t.Errorf("another's bank: %q", bank)
	}
}

// An answer whose seal is not over exactly this answer to exactly this question
// is none.
func TestSealsOfAnswers(t *testing.T) {
	for name, seal := range map[string]func(first, body string) []string{
		"none":             func(string, string) []string { return nil },
		"two":              func(f, b string) []string { return append(sealOf(f, b), sealOf(f, b)...) },
		"another body":     func(f, _ string) []string { return sealOf(f, "{}") },
		"another status":   func(f, b string) []string { return sealOf("404"+f[3:], b) },
		"another question": func(_, b string) []string { return sealOf("200 POST /default", b) },
		"another secret":   func(f, b string) []string { return []string{signature.Sign("x", time.Now(), []byte(f+"\n"+b))} },
		"an old one": func(f, b string) []string {
			return []string{signature.Sign(secret, time.Now().Add(-time.Hour), []byte(f+"\n"+b))}
		},
	} {
		c, p := open(t, says(200, pamAnswer))
		p.seal = seal
		if _, err := c.Look(ctx, ivan, zarya); err == nil {
			t.Errorf("%s: believed", name)
		}
	}
}

func instruction() payout.Instruction {
	return payout.Instruction{
		ID: id.NewSource(time.Now).New(), Number: 7, Sent: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), Amount: money.Rub(1_000_50),
		To:      payout.Target{Way: payout.Phone, Phone: ivan, Bank: zarya, Name: "Иван Петрович С.", Token: vault.Hide("044599901.abc-1")},
		Message: "За ужин & «чай»", Sender: "Анна Соколова", SenderPhone: "+79165550101",
	}
}

func status(name, message, status, reason string) string {
	why := ""
	if reason != "" {
		why = "<StsRsnInf><Rsn><Cd>" + reason + "</Cd></Rsn></StsRsnInf>"
	}
	return `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.11"><FIToFIPmtStsRpt><GrpHdr><MsgId>rs_1</MsgId><CreDtTm>2026-11-22T12:00:00+03:00</CreDtTm></GrpHdr>` +
		`<TxInfAndSts><OrgnlGrpInf><OrgnlMsgId>` + message + `</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.09</OrgnlMsgNmId></OrgnlGrpInf><OrgnlEndToEndId>` + name +
		`</OrgnlEndToEndId><TxSts>` + status + `</TxSts>` + why + `<AcctSvcrRef>rl_1</AcctSvcrRef></TxInfAndSts></FIToFIPmtStsRpt></Document>`
}

// The message says what was ordered, under a name that never changes, and the
// same to the byte each time.
func TestMessage(t *testing.T) {
	i := instruction()
	name := i.ID.Text("po")
	c, p := open(t, func(string, string) (int, string, string) {
		return 200, "application/xml", status(name, "RB2026112200000007", "ACSC", "")
	})
	for range 2 {
		if o, err := c.Send(ctx, i); err != nil || o.State != payout.Settled || o.Reference != "rl_1" {
			t.Fatalf("%+v, %v", o, err)
		}
	}
	if p.bodies[0] != p.bodies[1] {
		t.Error("the second message differs from the first")
	}
	m, err := iso20022.Parse([]byte(p.bodies[0]))
	if err != nil {
		t.Fatal(err)
	}
	x := m.(*iso20022.CreditTransfer).Transfers[0]
	sum, _ := x.Amount.Money()
	if x.ID.EndToEnd != name || sum != i.Amount || x.PayeeBank.BIK() != "044599901" || x.PayeeAccount.Number() != "abc-1" || x.PayerBank.BIK() != "044599900" ||
		x.PayerAccount.Number() != "+79165550101" || x.Payer.Name != "Анна Соколова" || x.Payee.Name != "Иван Петрович С." || x.Remittance.Lines[0] != i.Message {
		t.Errorf("%+v", x)
	}
	i.To.Token = vault.Hide("nonsense")
	if o, err := c.Send(ctx, i); err == nil || o.State != payout.NotSent {
		t.Errorf("a token of nobody: %+v, %v", o, err)
	}
}

// What each answer means. Anything that is not a plain word about this very
// credit leaves the outcome unknown.
func TestOutcomes(t *testing.T) {
	const message = "RB2026112200000007"
	i := instruction()
	name := i.ID.Text("po")
	xml := func(body string) (int, string, string) { return 200, "application/xml", body }
	for title, c := range map[string]struct {
		status int
		kind   string
		body   string
		want   payout.OutcomeState
		reason string
	}{
		"settled":           {200, "application/xml", status(name, message, "ACSC", ""), payout.Settled, ""},
		"credited":          {200, "application/xml", status(name, message, "ACCC", ""), payout.Settled, ""},
		"in process":        {200, "application/xml", status(name, message, "ACSP", ""), payout.OutcomeUnknown, ""},
		"a new status":      {200, "application/xml", status(name, message, "ACWC", ""), payout.OutcomeUnknown, ""},
		"closed account":    {200, "application/xml", status(name, message, "RJCT", "AC04"), payout.Declined, "no_such_receiver"},
		"blocked":           {200, "application/xml", status(name, message, "RJCT", "AC06"), payout.Declined, "restricted"},
		"above the limit":   {200, "application/xml", status(name, message, "RJCT", "AM14"), payout.Declined, "limit"},
		"the sum":           {200, "application/xml", status(name, message, "RJCT", "AM02"), payout.Declined, "amount"},
		"fraud":             {200, "application/xml", status(name, message, "RJCT", "FRAD"), payout.Declined, "suspicious"},
		"too late":          {200, "application/xml", status(name, message, "RJCT", "TM01"), payout.Declined, "expired"},
		"bank down":         {200, "application/xml", status(name, message, "RJCT", "AB08"), payout.Declined, "bank_unavailable"},
		"a new reason":      {200, "application/xml", status(name, message, "RJCT", "ZZ99"), payout.Declined, "declined"},
		"no reason":         {200, "application/xml", status(name, message, "RJCT", ""), payout.Declined, "declined"},
		"it came before":    {200, "application/xml", status(name, message, "RJCT", "DUPL"), payout.OutcomeUnknown, ""},
		"another credit":    {200, "application/xml", status("po_x", message, "RJCT", "AC04"), payout.OutcomeUnknown, ""},
		"another message":   {200, "application/xml", status(name, "RB1", "ACSC", ""), payout.OutcomeUnknown, ""},
		"two statuses":      {200, "application/xml", strings.Replace(status(name, message, "ACSC", ""), "<TxSts>ACSC</TxSts>", "<TxSts>ACSC</TxSts><TxSts>RJCT</TxSts>", 1), payout.OutcomeUnknown, ""},
		"no status":         {200, "application/xml", "<x/>", payout.OutcomeUnknown, ""},
		"JSON":              {200, "application/json", `{"status":"ACSC"}`, payout.OutcomeUnknown, ""},
		"another content":   {409, "application/json", `{"error":{"reason":"other_content"}}`, payout.OutcomeUnknown, ""},
		"not understood":    {422, "application/json", `{"error":{"reason":"bad_message"}}`, payout.Declined, "declined"},
		"an unsealed 422":   {422, "text/html", "bad_message", payout.OutcomeUnknown, ""},
		"busy":              {503, "application/json", `{"error":{"reason":"busy"}}`, payout.OutcomeUnknown, ""},
		"not let in":        {401, "application/json", `{"error":{"reason":"unauthorized"}}`, payout.OutcomeUnknown, ""},
		"a redirect":        {302, "text/html", "", payout.OutcomeUnknown, ""},
		"a page in the way": {200, "text/html", "<html>", payout.OutcomeUnknown, ""},
	} {
		cl, _ := open(t, func(string, string) (int, string, string) { return c.status, c.kind, c.body })
		if o, _ := cl.Send(ctx, i); o.State != c.want || o.Reason != c.reason {
			t.Errorf("%s: %+v", title, o)
		}
	}
	// Nobody listens: nothing left this machine; of a question that says nothing.
	dead := httptest.NewServer(nil)
	dead.Close()
	cl, err := New(Config{URL: dead.URL, Secret: secret, Member: "100000000900", BIK: "044599900"})
	if err != nil {
		t.Fatal(err)
	}
	if o, err := cl.Send(ctx, i); o.State != payout.NotSent || err == nil {
		t.Errorf("sent to nobody: %+v, %v", o, err)
	}
	if o, err := cl.Ask(ctx, i); o.State != payout.OutcomeUnknown || err == nil {
		t.Errorf("asked nobody: %+v, %v", o, err)
	}
	// The rail never had it: the very same message goes again.
	cl, p := open(t, func(path, _ string) (int, string, string) {
		if path == "/status" {
			return 404, "application/json", `{"error":{"reason":"no_such_credit"}}`
		}
		return xml(status(name, message, "ACSC", ""))
	})
	if o, err := cl.Send(ctx, i); o.State != payout.Settled || err != nil {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := cl.Ask(ctx, i); o.State != payout.Settled || err != nil || strings.Join(p.paths, " ") != "/credits /status /credits" || p.bodies[2] != p.bodies[0] {
		t.Errorf("%+v, %v by %v", o, err, p.paths)
	}
	// A bare 404 may come from anything on the way: nothing is sent again.
	cl, p = open(t, func(string, string) (int, string, string) { return 404, "text/html", "not found" })
	if o, _ := cl.Ask(ctx, i); o.State != payout.OutcomeUnknown || len(p.paths) != 1 {
		t.Errorf("%+v by %v", o, p.paths)
	}
}
