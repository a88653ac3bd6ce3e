package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rocketbank/internal/base/id"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/rail/strictjson"
)

// Agent is a mobile operator or wallet that the sandbox plays.
type Agent struct{ Code, RU, EN string }

// AgentsPath is where they stand, each below its code.
const AgentsPath = "/agents"

// How an account behaves, by its last four digits (docs/partners.md).
const (
	tailNobody     = "0000" // there is no such account
	tailLimit      = "0001" // refused: its limit
	tailLost       = "0002" // paid, and the answer is lost
	tailSlow       = "0003" // paid after a while
	tailRestricted = "0004" // refused after a while
)

// agentPayment is one payment that an operator or wallet took.
type agentPayment struct {
	Agent       string    `json:"agent"`
	Key         string    `json:"key"`
	ID          string    `json:"id"`
	Account     string    `json:"account"`
	AmountMinor int64     `json:"amount_minor"`
	Currency    string    `json:"currency"`
	Message     string    `json:"message"`
	At          time.Time `json:"at"`  // world time
	Due         time.Time `json:"due"` // machine time: when a slow one is decided
}

// agentView is a payment as the protocol shows it.
type agentView struct {
	Key         string `json:"key"`
	ID          string `json:"id"`
	Account     string `json:"account"`
	AmountMinor int64  `json:"amount_minor"`
	Currency    string `json:"currency"`
	State       string `json:"state"`
	Reason      string `json:"reason"`
}

// at tells how a payment stands at a moment of the machine.
func (p agentPayment) at(now time.Time) agentView {
	v := agentView{p.Key, p.ID, p.Account, p.AmountMinor, p.Currency, "paid", ""}
	switch tail := tailOf(p.Account); {
	case (tail == tailSlow || tail == tailRestricted) && now.Before(p.Due):
		v.State = processing
	case tail == tailRestricted:
		v.State, v.Reason = refused, "restricted"
	case tail == tailLimit:
		v.State, v.Reason = refused, "limit"
	}
	return v
}

func tailOf(account string) string { return account[max(0, len(account)-4):] }

// agents keeps the payments of all operators and wallets.
type agents struct {
	cfg     Config
	ids     *id.Source
	journal *journal

	mu   sync.Mutex
	paid map[string]agentPayment // agent and key
	last []string                // newest last
}

func openAgents(cfg Config, ids *id.Source) (*agents, error) {
	a := &agents{cfg: cfg, ids: ids, paid: map[string]agentPayment{}}
	var err error
	a.journal, _, err = openJournal(filepath.Join(cfg.DataDir, "agents.jsonl"), func(line []byte) error {
		var p agentPayment
		if err := json.Unmarshal(line, &p); err != nil {
			return err
		}
		if p.Key == "" {
			return errors.New("a payment without a key")
		}
		a.keep(p)
		return nil
	})
	return a, err
}

func (a *agents) keep(p agentPayment) {
	a.paid[p.Agent+" "+p.Key] = p
	a.last = append(a.last, p.Agent+" "+p.Key)
}

// take books a payment once per key; fresh is false when it was there.
func (a *agents) take(p agentPayment) (_ agentPayment, fresh bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if old, ok := a.paid[p.Agent+" "+p.Key]; ok {
		if old.Account != p.Account || old.AmountMinor != p.AmountMinor || old.Message != p.Message {
			return old, false, refuse(http.StatusConflict, "key_reused", "")
		}
		return old, false, nil
	}
	if len(a.paid) >= maxCharges {
		return p, false, refuse(http.StatusServiceUnavailable, "busy", "")
	}
	p.ID, p.At, p.Due = a.ids.New().Text("pm"), a.cfg.now(), time.Now().Add(a.cfg.SlowFor)
	if err := a.journal.append(p, true); err != nil {
		return p, false, err
	}
	a.keep(p)
	return p, true, nil
}

func (a *agents) find(agent, key string) (agentPayment, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := a.paid[agent+" "+key]
	return p, ok
}

// newest lists the latest payments.
func (a *agents) newest(limit int) (out []agentPayment) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range slices.Backward(a.last) {
		if out = append(out, a.paid[k]); len(out) == limit {
			break
		}
	}
	return out
}

func (a *agents) close() error { return a.journal.close() }

func (cfg Config) agent(code string) (Agent, bool) {
	i := slices.IndexFunc(cfg.Agents, func(a Agent) bool { return a.Code == code })
	if i < 0 {
		return Agent{}, false
	}
	return cfg.Agents[i], true
}

// sealed reads a signed message and signs the answer: both sides know the secret.
func (d *door) sealed(h func(r *http.Request, agent string, body []byte) (int, any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, answer, err := d.readSealed(w, r, h)
		if err != nil {
			no := d.refusalOf(r, err)
			status, answer = no.status, map[string]any{"error": map[string]string{"reason": no.reason, "field": no.field}}
		}
		if status == 0 {
			cut(w)
			return
		}
		body, err := json.Marshal(answer)
		if err != nil {
			d.log.Error("sandbox", "err", err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set(signature.Header, signature.Sign(d.cfg.CallbackSecret, time.Now(), body))
		w.WriteHeader(status)
		_, _ = w.Write(body) // a reader that has gone is not our error
	})
}

func (d *door) readSealed(w http.ResponseWriter, r *http.Request, h func(*http.Request, string, []byte) (int, any, error)) (int, any, error) {
	if err := authorised(w, r, d.cfg.AcquirerKey); err != nil {
		return 0, nil, err
	}
	a, ok := d.cfg.agent(r.PathValue("agent"))
	if !ok {
		return 0, nil, refuse(http.StatusNotFound, "no_such_page", "")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return 0, nil, refuse(http.StatusBadRequest, "bad_body", "")
	}
	signed := body
	if r.Method == http.MethodGet {
		signed = []byte(r.URL.Path)
	}
	if err := signature.Verify(d.cfg.CallbackSecret, r.Header.Get(signature.Header), signed, time.Now()); err != nil {
		return 0, nil, refuse(http.StatusUnauthorized, "bad_signature", signature.Header)
	}
	return h(r, a.Code, body)
}

// postAccount tells whose an account is.
func (d *door) postAccount(_ *http.Request, _ string, body []byte) (int, any, error) {
	var ask struct {
		Account string `json:"account"`
	}
	if strictjson.Decode(body, &ask) != nil || !e164.MatchString(ask.Account) {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "bad_account", "account")
	}
	if tailOf(ask.Account) == tailNobody {
		return 0, nil, refuse(http.StatusUnprocessableEntity, "no_such_account", "account")
	}
	return http.StatusOK, map[string]string{"account": ask.Account, "name": nameOf(ask.Account)}, nil
}

// nameOf is the holder of an account: somebody, and always the same.
func nameOf(account string) string {
	first := []string{"Иван", "Мария", "Павел", "Ольга", "Сергей", "Дарья", "Никита", "Елена", "Олег", "Анна"}
	last := []string{"А", "Б", "В", "Г", "Д", "К", "М", "Н", "П", "С"}
	tail := tailOf(account)
	return first[int(tail[len(tail)-1]-'0')] + " " + last[int(tail[0]-'0')] + "."
}

// postAgentPayment takes a payment: 201 with a new one, 200 with the one that
// the key already stands for. That on an account of …0002 is made, and then the
// line is cut instead of an answer.
func (d *door) postAgentPayment(r *http.Request, agent string, body []byte) (int, any, error) {
	key := r.Header.Get("Idempotency-Key")
	if !orderKey.MatchString(key) {
		return 0, nil, refuse(http.StatusBadRequest, "bad_key", "Idempotency-Key")
	}
	var o struct {
		Account     string `json:"account"`
		AmountMinor int64  `json:"amount_minor"`
		Currency    string `json:"currency"`
		Message     string `json:"message"`
	}
	switch err := strictjson.Decode(body, &o); {
	case err != nil:
		return 0, nil, refuse(http.StatusBadRequest, "bad_body", "")
	case !e164.MatchString(o.Account):
		return 0, nil, refuse(http.StatusUnprocessableEntity, "no_such_account", "account")
	case tailOf(o.Account) == tailNobody:
		return 0, nil, refuse(http.StatusUnprocessableEntity, "no_such_account", "account")
	case o.AmountMinor <= 0 || o.AmountMinor > maxAmountMinor || o.Currency != "RUB":
		return 0, nil, refuse(http.StatusUnprocessableEntity, "amount", "amount_minor")
	case hasControl(o.Message):
		return 0, nil, refuse(http.StatusUnprocessableEntity, "bad_message", "message")
	}
	p, fresh, err := d.agents.take(agentPayment{Agent: agent, Key: key, Account: o.Account, AmountMinor: o.AmountMinor, Currency: o.Currency, Message: o.Message})
	switch {
	case err != nil:
		return 0, nil, err
	case fresh && tailOf(p.Account) == tailLost:
		return 0, nil, nil
	case fresh:
		return http.StatusCreated, p.at(time.Now()), nil
	}
	return http.StatusOK, p.at(time.Now()), nil
}

func (d *door) getAgentPayment(r *http.Request, agent string, _ []byte) (int, any, error) {
	p, ok := d.agents.find(agent, r.PathValue("key"))
	if !ok {
		return 0, nil, refuse(http.StatusNotFound, "no_such_payment", "")
	}
	return http.StatusOK, p.at(time.Now()), nil
}

// agentLine is a payment on the page.
type agentLine struct {
	agentPayment
	Name        Agent
	State, Mask string
}

// maxLines bounds the page of payments.
const maxLines = 100

// getAgents is the journal of what operators and wallets got.
func (d *door) getAgents(w http.ResponseWriter, r *http.Request) error {
	var lines []agentLine
	for _, p := range d.agents.newest(maxLines) {
		a, _ := d.cfg.agent(p.Agent)
		lines = append(lines, agentLine{p, a, p.at(time.Now()).State, p.Account[:2] + strings.Repeat("•", max(0, len(p.Account)-6)) + tailOf(p.Account)})
	}
	s := d.sheet(r, "sandbox.agents.title", lines)
	s.Refresh = 5
	return d.print(w, http.StatusOK, "agents.html", "layout", s)
}
