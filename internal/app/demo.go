package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"rocketbank/internal/bank/hsm"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/cardhost"
	"rocketbank/internal/door/partners"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/partner/acquirer"
	"rocketbank/internal/partner/directory"
	"rocketbank/internal/partner/sms"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/sandbox"
)

// seededSetting marks a demo database whose example data are whole.
const seededSetting = "demo.seeded"

// sandboxFolder is what the outside world keeps, in the demo's folder.
const sandboxFolder = "sandbox"

// DemoConfig is what the demo can be told. Zero values of the addresses take
// free ports.
type DemoConfig struct {
	Folder       string // data, keys and the sandbox's files
	DB           string // address of the database; SQLite in Folder when empty
	Addr         string
	SandboxAddr  string
	PartnersAddr string
	MetricsAddr  string
	ConsoleAddr  string
	CardhostAddr string
	ACSAddr      string
	NetworkAddr  string // where the sandbox takes credits to other banks' cards
	AuditReport  string // what `make audit` wrote last; may be empty
	Log          *slog.Logger
	Out          io.Writer // where the ready line goes
}

// Demo runs the bank, the outside world and example people in one process
// until ctx ends.
func Demo(ctx context.Context, c DemoConfig) error {
	if err := os.MkdirAll(c.Folder, 0o700); err != nil {
		return fmt.Errorf("cannot make the folder %s: %w; name another one with --data", c.Folder, errors.Unwrap(err))
	}
	if c.DB == "" {
		c.DB = "sqlite:" + filepath.Join(c.Folder, "bank.db")
	}
	unlock, err := lockFolder(c.Folder)
	if err != nil {
		return err
	}
	defer unlock()
	keys, err := demoKeys(c.Folder, c.Log)
	if err != nil {
		return err
	}
	clk := newDemoClock(0)
	d, err := db.Open(ctx, c.DB, db.Options{Clock: clk})
	if err != nil {
		return err
	}
	defer d.Close()
	fresh, err := demoDatabase(ctx, c, d, clk)
	if err != nil {
		return err
	}
	doors, err := demoListeners(c)
	if err != nil {
		return err
	}
	return runDemo(ctx, c, d, clk, keys, doors, fresh)
}

// demoKeys makes the demo its own keys, and says so.
func demoKeys(folder string, log *slog.Logger) (*vault.Vault, error) {
	path := filepath.Join(folder, "keys.json")
	v, err := vault.Load(path)
	if errors.Is(err, vault.ErrNoKeys) {
		log.Warn("the demo makes its own keys, which are not encrypted; a bank makes them with «rocketbank keys init»", "file", path)
		return vault.Create(path)
	}
	return v, err
}

// demoDatabase migrates and stamps the database and sets the clock: a new
// bank begins three months ago. fresh tells that the example data are to be
// made: in a new database, and in one whose start was cut off while it made
// them. Nobody has used that one, for it never said that it is ready.
func demoDatabase(ctx context.Context, c DemoConfig, d *db.DB, clk *demoClock) (fresh bool, err error) {
	if err := d.MigrateAs(ctx, db.Demo); err != nil {
		return false, err
	}
	offset, old, err := storedOffset(ctx, d)
	if err != nil {
		return false, err
	}
	seeded, err := db.Setting(ctx, d, seededSetting)
	if err != nil {
		return false, err
	}
	if old && seeded == "" {
		c.Log.Warn("an earlier start was stopped while it made the example data; they are made anew")
		if err := errors.Join(d.Recreate(ctx, db.Demo), os.RemoveAll(filepath.Join(c.Folder, sandboxFolder))); err != nil {
			return false, err
		}
		old = false
	}
	if !old {
		offset = -seedDays * 24 * time.Hour
	}
	clk.begin(d, offset)
	return !old, clk.store(ctx, offset)
}

// listeners of the demo.
type listeners struct{ cabinet, console, sandbox, partners, metrics, cardhost, acs, network net.Listener }

func demoListeners(c DemoConfig) (l listeners, err error) {
	for _, want := range []struct {
		addr, what string
		to         *net.Listener
	}{{c.Addr, "the cabinet", &l.cabinet}, {c.ConsoleAddr, "the console", &l.console}, {c.SandboxAddr, "the sandbox", &l.sandbox}, {c.PartnersAddr, "the partners", &l.partners}, {c.MetricsAddr, "the metrics", &l.metrics}, {c.CardhostAddr, "the card network", &l.cardhost}, {c.ACSAddr, "3-D Secure", &l.acs}, {c.NetworkAddr, "credits to other banks' cards", &l.network}} {
		if want.addr == "" {
			want.addr = "127.0.0.1:0"
		}
		// Without TLS, with codes to read and passcodes printed, the demo is
		// for this machine alone.
		if host, _, err := net.SplitHostPort(want.addr); err != nil || host != "localhost" && !loopback(host) {
			l.close()
			return l, fmt.Errorf("the demo listens on this machine alone: %q for %s must be a loopback address such as 127.0.0.1:8080", want.addr, want.what)
		}
		if *want.to, err = listen(want.addr, want.what); err != nil {
			l.close()
			return l, err
		}
	}
	return l, nil
}

func (l listeners) close() {
	for _, one := range []net.Listener{l.cabinet, l.console, l.sandbox, l.partners, l.metrics, l.cardhost, l.acs, l.network} {
		if one != nil {
			one.Close()
		}
	}
}

func port(l net.Listener) string {
	_, p, _ := net.SplitHostPort(l.Addr().String())
	return p
}

func runDemo(ctx context.Context, c DemoConfig, d *db.DB, clk *demoClock, keys *vault.Vault, l listeners, fresh bool) error {
	defer l.close()
	// The sandbox is another site than the bank, as in production: cookies of
	// localhost do not reach 127.0.0.1.
	ready := Ready{
		Cabinet: "http://localhost:" + port(l.cabinet), API: "http://localhost:" + port(l.cabinet) + "/api/v1",
		Sandbox: "http://127.0.0.1:" + port(l.sandbox), Partners: "http://127.0.0.1:" + port(l.partners),
		Metrics: "http://127.0.0.1:" + port(l.metrics), Console: "http://localhost:" + port(l.console), Cardhost: "127.0.0.1:" + port(l.cardhost), ACS: "http://localhost:" + port(l.acs),
	}
	secret := signature.Secret(fmt.Sprintf("%x", keys.MAC("demo callbacks")))
	apiKey := signature.Secret(fmt.Sprintf("%x", keys.MAC("demo partner key")))
	var b *bank // made below, before anything listens
	module, err := hsm.New(keys)
	if err != nil {
		return err
	}
	zpk, _ := module.DemoTerminalKeys()
	world, err := sandbox.New(sandbox.Config{
		DataDir: filepath.Join(c.Folder, sandboxFolder), Origin: ready.Sandbox, BankOrigin: ready.Cabinet, Merchant: ui.DefaultBrand().Name,
		SMSKey: apiKey, AcquirerKey: apiKey, CallbackSecret: secret, Clock: clk, Log: c.Log,
		RailSecret: secret, RailMember: demoMember, RailCallback: ready.Partners + partners.PhoneRailPath,
		CardHost: ready.Cardhost, ACS: ready.ACS, ZPK: zpk, ClearingURL: ready.Partners + partners.ClearingPath,
		Agents:  demoAgents(),
		Wallet:  func(ctx context.Context) ([]sandbox.Plastic, error) { return b.plastic(ctx) },
		Console: ready.Console, Staff: func(role string) (sandbox.StaffLink, error) { return b.staffLink(ctx, role) },
	})
	if err != nil {
		return err
	}
	defer world.Close()
	take, err := acquirer.New(acquirer.Config{URL: ready.Sandbox + sandbox.AcquirerPath, Key: apiKey, CallbackURL: ready.Partners + "/acquirer/callback", Timeout: chargeIn, Log: c.Log})
	if err != nil {
		return err
	}
	say, err := sms.New(sms.Config{URL: ready.Sandbox + sandbox.SMSPath, Key: apiKey, CallbackURL: ready.Partners + "/sms/receipt"})
	if err != nil {
		return err
	}
	phones, err := PhoneLine{URL: ready.Sandbox + sandbox.RailPath, Secret: secret, Member: demoMember, BIK: demoBIK, Account: demoCorrespondent}.open(c.Log)
	if err != nil {
		return err
	}
	scheme, err := directory.New(directory.Config{Hosts: []string{"127.0.0.1:" + port(l.sandbox)}, LoopbackHTTP: true})
	if err != nil {
		return err
	}
	network, err := CreditLine{Addr: l.network.Addr().String(), Acquirer: demoBIN, Terminal: "DEMO0001", Merchant: "DEMO", Place: "DEMO BANK"}.open(c.Log, clk.Now)
	if err != nil {
		return err
	}
	others, err := demoLines(ready.Sandbox, apiKey, secret)
	if err != nil {
		return err
	}
	b, err = openBank(ctx, parts{
		agents: others, db: d, vault: keys, clock: clk, log: c.Log, heads: filepath.Join(c.Folder, headsFile), newHeads: fresh, origin: ready.Cabinet, bin: demoBIN, brand: ui.DefaultBrand().Name, acquirer: take, sms: say,
		phones: phones, consoleOrigin: ready.Console, acsOrigin: ready.ACS, directory: scheme, network: network, private: true,
	})
	if err != nil {
		return err
	}
	doors, err := b.doors(doorConfig{origin: ready.Cabinet, payOrigins: []string{ready.Sandbox}, brand: ui.DefaultBrand(), callbackSecret: secret, railSecret: secret, stopping: ctx.Done(),
		consoleOrigin: ready.Console, acsOrigin: ready.ACS, loopback: true, auditReport: c.AuditReport})
	if err != nil {
		return errors.Join(err, b.close())
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	g, work := errgroup.WithContext(work)
	for _, s := range []*server{
		newServer("sandbox", l.sandbox, world, c.Log),
		newServer("partners", l.partners, doors.partners, c.Log),
		newServer("metrics", l.metrics, doors.metrics, c.Log),
		newServer("console", l.console, doors.console, c.Log),
		newServer("acs", l.acs, doors.acs, c.Log),
		newServer("cabinet", l.cabinet, doors.cabinet, c.Log),
	} {
		g.Go(func() error { return s.run(work) })
	}
	g.Go(func() error { b.runLoops(work); return nil })
	g.Go(func() error { return world.TakeCredits(work, l.network) })
	g.Go(func() error { return cardhost.New(b.cardhost(nil)).Run(work, l.cardhost) })
	g.Go(func() error {
		if ready.People, err = b.examplePeople(work, c.Folder, clk, ready.Sandbox, fresh); err != nil {
			return err
		}
		if err := ready.write(c.Folder); err != nil {
			return err
		}
		_, err := fmt.Fprintln(c.Out, ready.Line())
		return err
	})
	err = g.Wait()
	return errors.Join(ignoreStop(ctx, err), b.close())
}

// demoBIN is the range of the demo's cards: a Mastercard test range.
const demoBIN = "550000"

// How the demo's bank is called on the phone-number rail: a member, a БИК and an
// account that no bank has.
const (
	demoMember        = "100000000900"
	demoBIK           = "044599900"
	demoCorrespondent = "30101810000000000900"
)

func ignoreStop(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// examplePeople makes the people of a new demo or finds those of an old one.
func (b *bank) examplePeople(ctx context.Context, folder string, clk *demoClock, sandbox string, fresh bool) ([]Person, error) {
	if !fresh {
		return readPeople(folder)
	}
	people, err := newSeeder(b, clk, sandbox).run(ctx)
	if err != nil {
		return nil, fmt.Errorf("make the example data: %w", err)
	}
	if err := writePeople(folder, people); err != nil {
		return nil, err
	}
	if err := clk.store(ctx, clk.Offset()); err != nil {
		return nil, err
	}
	return people, b.db.Write(ctx, func(tx db.Tx) error { return db.PutSetting(ctx, tx, seededSetting, "yes") })
}
