package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/agent"
	"rocketbank/internal/bank/bin"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/door/cabinet"
	links "rocketbank/internal/door/claim"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
	partner "rocketbank/internal/partner/agent"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/rail/strictjson"
)

// agents are the mobile operators and wallets of this bank: how each is reached,
// and what it is called.
type agents struct {
	lines *partner.Partners // nil: there are none
	known []agent.Agent
}

// newAgents makes the lines. Cards of other banks are one more entry, so that
// the operator can close them for receivers of links alike.
func newAgents(known []agent.Agent, lines []partner.Line) (agents, error) {
	out := agents{known: append([]agent.Agent{{Code: "card", Kind: agent.Card}}, known...)}
	if len(lines) == 0 {
		return out, nil
	}
	var err error
	out.lines, err = partner.New(lines, time.Now)
	return out, err
}

// maxAgents bounds the file of operators and wallets.
const maxAgents = 1 << 20

// AgentFile is an entry of the file that names operators and wallets.
type AgentFile struct {
	Code       string `json:"code"`
	Kind       string `json:"kind"`
	RU         string `json:"ru"`
	EN         string `json:"en"`
	URL        string `json:"url"`
	KeyFile    string `json:"key_file"`
	SecretFile string `json:"secret_file"`
}

// readAgents reads the file of operators and wallets; none without a file.
func readAgents(file string) (agents, error) {
	if file == "" {
		return newAgents(nil, nil)
	}
	raw, err := os.ReadFile(file) // #nosec G304 -- the operator names it
	if err != nil {
		return agents{}, err
	}
	var list []AgentFile
	if len(raw) > maxAgents {
		return agents{}, fmt.Errorf("%s is longer than %d bytes", file, maxAgents)
	}
	if err := strictjson.Decode(raw, &list); err != nil {
		return agents{}, fmt.Errorf("%s: %w", file, err)
	}
	var known []agent.Agent
	var lines []partner.Line
	for _, a := range list {
		if a.Kind != string(agent.Mobile) && a.Kind != string(agent.Wallet) || a.Code == "" || a.RU == "" || a.EN == "" {
			return agents{}, fmt.Errorf("%s: an entry needs code, kind (mobile or wallet), ru, en, url, key_file and secret_file", file)
		}
		key, err := secretOf(file, a.KeyFile)
		if err != nil {
			return agents{}, err
		}
		secret, err := secretOf(file, a.SecretFile)
		if err != nil {
			return agents{}, err
		}
		known = append(known, agent.Agent{Code: a.Code, Kind: agent.Kind(a.Kind), RU: a.RU, EN: a.EN})
		lines = append(lines, partner.Line{Code: a.Code, URL: a.URL, Key: key, Secret: secret})
	}
	return newAgents(known, lines)
}

// secretOf reads a secret that the list names, beside the list or by its whole path.
func secretOf(list, file string) (signature.Secret, error) {
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(list), file)
	}
	raw, err := os.ReadFile(file) // #nosec G304 -- the operator names it
	return signature.Secret(strings.TrimSpace(string(raw))), err
}

// choosers tells room claim what a receiver may choose from.
type choosers struct {
	room    *agent.Service
	lines   *partner.Partners
	payouts *payout.Service
}

// Methods lists the ways, closed ones with their reasons.
func (c choosers) Methods(ctx context.Context) ([]claim.Method, error) {
	list, err := c.room.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]claim.Method, len(list))
	for i, a := range list {
		m := claim.Method{Way: claim.ToCard, Code: a.Code, RU: a.RU, EN: a.EN, Closed: a.Closed, WhyRU: a.WhyRU, WhyEN: a.WhyEN}
		rail := payout.Card
		switch a.Kind {
		case agent.Mobile:
			m.Way, rail = claim.ToMobile, payout.Mobile
		case agent.Wallet:
			m.Way, rail = claim.ToWallet, payout.Wallet
		default:
			m.Code = ""
		}
		m.Closed = m.Closed || !c.payouts.Open(rail)
		out[i] = m
	}
	return out, nil
}

var errNoAgents = errors.New("this bank has no operators and wallets")

// Check asks the partner itself.
func (c choosers) Check(ctx context.Context, code, number string) (string, error) {
	if c.lines == nil {
		return "", errNoAgents
	}
	return c.lines.Check(ctx, code, number)
}

// openClaims makes the room of money sent by links.
func (b *bank) openClaims(p parts, home *url.URL) {
	b.agents = agent.New(p.db, p.agents.known)
	b.claims = claim.New(claim.Deps{
		DB: p.db, Book: b.book, Vault: p.vault, People: b.clients, Operations: b.operations, Limits: b.limits, Tariffs: b.tariffs, Orders: b.orders,
		Messenger: b.access, Payouts: b.payouts, Partners: choosers{b.agents, p.agents.lines, b.payouts}, BINs: bin.New(p.db), OwnBIN: p.bin, IDs: b.ids,
		Live: b.live, Outbox: b.outbox, Log: p.log, Now: time.Now, Digits: access.NewCode, Origin: p.origin, Host: home.Hostname(),
	})
	b.payouts.Tell(b.claims)
}

// links is the door for whoever got money by a link, on the cabinet's origin.
func (b *bank) links(kit *ui.Kit, c doorConfig) (http.Handler, error) {
	front, err := web.New(web.Options{Origin: c.origin, Proxies: c.proxies, Rate: links.Rate, Log: b.log, Now: time.Now})
	if err != nil {
		return nil, err
	}
	return links.New(links.Deps{Front: front, Kit: kit, Bank: b.claims, LangCookie: cabinet.LangCookie, Log: b.log, Now: time.Now, Business: b.db.Now}).Handler(), nil
}
