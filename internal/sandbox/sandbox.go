// Package sandbox is the outside world, played by us: the phone that receives
// the bank's SMS, another bank's acquirer with its cards and its 3-D Secure
// page, and the card network that takes credits to other banks' cards. A demo starts it on another site than the bank's own, so that
// everything between the two goes over real sockets.
//
// The sandbox knows only what a stranger could: the protocols in
// docs/partners.md. It imports neither the bank nor the ledger. It misbehaves
// on purpose where the outside world does: answers get lost after the money
// moved, charges take their time, callbacks come three times, phones are
// switched off. What it keeps (charges, credits, messages) survives a restart and a
// kill; card numbers are kept masked and security codes not at all.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"rocketbank/internal/base/id"
	"rocketbank/internal/rail/emv"
	"rocketbank/internal/rail/signature"
)

// Clock is the demo's business time as the sandbox's clock page moves it.
type Clock interface {
	Now() time.Time
	Offset() time.Duration
	// Forward moves the time by a positive step and keeps it moved.
	Forward(d time.Duration) error
}

// Config is what a sandbox is made of.
type Config struct {
	DataDir string // keeps charges and messages over a restart; made when absent
	Origin  string // the sandbox's own address, e.g. http://127.0.0.1:41000
	// BankOrigin is where people use the bank, e.g. http://localhost:8080;
	// the pages link to it. May be empty.
	BankOrigin string
	Merchant   string // the shop's name on the 3-D Secure page

	SMSKey         signature.Secret // the gateway's API key
	AcquirerKey    signature.Secret // the acquirer's API key
	CallbackSecret signature.Secret // seals what both post back

	Clock   Clock      // nil: real time, and no clock page
	Staff   StaffLinks // nil: no page of the bank's staff
	Console string     // the console's origin, where the staff's links lead
	// CardHost is where the bank listens for the card network, Wallet the cards
	// of the demo's people, ZPK the key that terminals seal PINs with, and
	// ClearingURL where the network posts its clearing files. Without CardHost
	// there are no terminals.
	CardHost    string
	Wallet      Wallet
	ZPK         emv.Key2
	ClearingURL string
	// RailSecret seals what goes over the phone-number rail, RailMember is the
	// bank's identifier there, and RailCallback is where the rail posts late news
	// and money that comes back. Without a secret there is no rail.
	RailSecret   signature.Secret
	RailMember   string
	RailCallback string
	// ACS is the origin of the bank's access control server; empty: no web shop.
	ACS string
	// Agents are the mobile operators and wallets it plays; none: there are none.
	Agents    []Agent
	SlowFor   time.Duration     // how long the slow card takes; nought means 20 s
	LateFor   time.Duration     // how long the late answer to a credit takes; nought means 20 s
	Transport http.RoundTripper // carries callbacks; nil means the network
	Log       *slog.Logger      // nil means silence
}

// Paths of the partner APIs below the sandbox's origin.
const (
	SMSPath      = "/sms"
	AcquirerPath = "/acquirer"
	RailPath     = "/phonerail"
)

// Sandbox is the outside world as one http.Handler. Close it to stop its
// loops and to close its files.
type Sandbox struct {
	http.Handler

	sms      *gateway
	acquirer *acquirer
	credits  *credits
	courier  *courier
	till     *till    // nil: no terminals
	railway  *railway // nil: no phone-number rail
	agents   *agents

	lateFor time.Duration
	log     *slog.Logger
	stop    context.CancelFunc
	work    sync.WaitGroup
}

// New opens what an earlier run kept and starts the loops.
func New(cfg Config) (*Sandbox, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	post := newCourier(ctx, cfg.Transport, cfg.CallbackSecret, cfg.Log)
	ids := id.NewSource(time.Now)

	sms, err := openGateway(filepath.Join(cfg.DataDir, "messages.jsonl"), ids, cfg.now, post)
	if err != nil {
		stop()
		return nil, err
	}
	acq, err := openAcquirer(filepath.Join(cfg.DataDir, "charges.jsonl"), cfg, ids, post)
	if err != nil {
		stop()
		return nil, errors.Join(err, sms.close())
	}

	given, err := openCredits(filepath.Join(cfg.DataDir, "credits.jsonl"), cfg.now)
	if err != nil {
		stop()
		return nil, errors.Join(err, sms.close(), acq.close())
	}

	s := &Sandbox{sms: sms, acquirer: acq, credits: given, courier: post, lateFor: cfg.LateFor, log: cfg.Log, stop: stop}
	if s.agents, err = openAgents(cfg, ids); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if cfg.CardHost != "" {
		if s.till, err = openTill(cfg, ids); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	if cfg.RailSecret != "" {
		if s.railway, err = openRailway(filepath.Join(cfg.DataDir, "rail.jsonl"), cfg, ids, post); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	var web *shop
	if s.till != nil && cfg.ACS != "" {
		web = newShop(cfg, s.till, ids)
	}
	s.Handler, err = newDoor(cfg, sms, acq, given, s.till, web, post, s.railway, s.agents)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.work.Go(func() { acq.run(ctx) })
	if s.railway != nil {
		s.work.Go(func() { s.railway.run(ctx) })
	}
	return s, nil
}

// Close stops the loops and the callbacks under way, waits for them and
// closes the files.
func (s *Sandbox) Close() error {
	s.stop()
	s.work.Wait()
	s.courier.wait()
	var till, rail error
	if s.till != nil {
		till = s.till.close()
	}
	var agents error
	if s.agents != nil {
		agents = s.agents.close()
	}
	if s.railway != nil {
		rail = s.railway.close()
	}
	return errors.Join(s.sms.close(), s.acquirer.close(), s.credits.close(), till, rail, agents)
}

func (cfg Config) checked() (Config, error) {
	if cfg.SMSKey == "" || cfg.AcquirerKey == "" || cfg.CallbackSecret == "" {
		return cfg, errors.New("sandbox: both API keys and the callback secret are needed")
	}
	own, err := url.Parse(cfg.Origin)
	if err != nil || own.Host == "" || cfg.Origin != own.Scheme+"://"+own.Host {
		return cfg, fmt.Errorf("sandbox: %q is not an origin such as http://127.0.0.1:41000", cfg.Origin)
	}
	if cfg.DataDir == "" {
		return cfg, errors.New("sandbox: a data folder is needed")
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return cfg, fmt.Errorf("sandbox folder: %w", err)
	}
	if cfg.SlowFor == 0 {
		cfg.SlowFor = 20 * time.Second
	}
	if cfg.LateFor == 0 {
		cfg.LateFor = lateFor
	}
	if cfg.Merchant == "" {
		cfg.Merchant = "Рокетбанк"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg, nil
}

// now is the world's time: what stands beside a message and decides whether a
// card has expired. Waiting, retrying and sealing go by the machine's clock.
func (cfg Config) now() time.Time {
	if cfg.Clock != nil {
		return cfg.Clock.Now().UTC()
	}
	return time.Now().UTC()
}
