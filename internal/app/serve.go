package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/door/cardhost"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/partner/acquirer"
	"rocketbank/internal/partner/directory"
	"rocketbank/internal/partner/sms"
	"rocketbank/internal/rail/signature"
)

// ServeConfig is what the production server is told.
type ServeConfig struct {
	DB             string
	Keys           vault.Provider // the vault's keys; without them nothing starts
	Heads          string         // file of signed heads of the audit trail; beside an SQLite file when empty
	Origin         string         // https://… where clients use the bank
	Addr           string
	PartnersOrigin string // https://… where partners post their callbacks
	PartnersAddr   string
	ConsoleOrigin  string // https://… where staff use the console; empty: this server has none
	ConsoleAddr    string
	MetricsAddr    string // loopback only
	TLSCert        string
	TLSKey         string
	TrustedProxies []string // networks that alone may set forwarded headers
	BIN            string
	Brand          ui.Brand

	AcquirerURL    string
	AcquirerKey    signature.Secret
	PayOrigins     []string // where the acquirer's code pages live
	SMSURL         string
	SMSKey         signature.Secret
	CallbackSecret signature.Secret
	// SMSCallbackSecret seals the gateway's receipts; empty: CallbackSecret does.
	SMSCallbackSecret signature.Secret

	// NetworkSecret seals the card network's clearing files; empty: CallbackSecret does.
	NetworkSecret signature.Secret
	Cards         CardLine
	Credits       CreditLine
	Phones        PhoneLine
	ACSOrigin     string // https://… where 3-D Secure finds us; empty: this server has no such door
	ACSAddr       string
	DirectoryHost []string // hosts of the card scheme's directory, which alone are told results
	// DirectoryCA is the authority whose certificates the directory shows, PEM.
	// Behind a proxy it is the proxy that asks for them.
	DirectoryCA string

	// Agents is the file that names mobile operators and wallets; empty: there
	// are none.
	Agents string

	Alerts          Alerts
	AuditReport     string // what `make audit` wrote last; may be empty
	SecurityContact string // URI for security.txt; the bank's phone when empty

	Log *slog.Logger
	Out io.Writer
}

// check finds what is wrong before anything is opened.
func (c *ServeConfig) check() (proxies []netip.Prefix, err error) {
	for _, o := range []struct{ name, value string }{{"--origin", c.Origin}, {"--partners-origin", c.PartnersOrigin}} {
		u, err := url.Parse(o.value)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" {
			return nil, fmt.Errorf("%s must be an https address without a path, such as https://bank.example (it is %q)", o.name, o.value)
		}
	}
	if c.ConsoleOrigin != "" {
		u, err := url.Parse(c.ConsoleOrigin)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" {
			return nil, fmt.Errorf("--console-origin must be an https address without a path, such as https://console.bank.example (it is %q)", c.ConsoleOrigin)
		}
		if home, err := url.Parse(c.Origin); err == nil && u.Host == home.Host {
			return nil, errors.New("--console-origin must differ from --origin: staff have a host of their own")
		}
	}
	if c.ACSOrigin != "" {
		u, err := url.Parse(c.ACSOrigin)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" {
			return nil, fmt.Errorf("--acs-origin must be an https address without a path, such as https://acs.bank.example (it is %q)", c.ACSOrigin)
		}
		if home, err := url.Parse(c.Origin); err == nil && u.Host == home.Host {
			return nil, errors.New("--acs-origin must differ from --origin: no cookie of the cabinet may reach it")
		}
		if len(c.DirectoryHost) == 0 {
			return nil, errors.New("--acs-origin needs --directory-host: the hosts of the card scheme's directory")
		}
		switch {
		case c.TLSCert != "" && c.DirectoryCA == "":
			return nil, errors.New("--acs-origin needs --directory-ca: the authority whose certificates the card scheme's directory shows")
		case c.TLSCert == "" && c.DirectoryCA != "":
			return nil, errors.New("--directory-ca needs --tls-cert: behind a proxy it is the proxy that asks the directory for its certificate")
		}
	}
	for _, o := range c.PayOrigins {
		// Card holders type their code there; only the line to a partner on
		// this very machine may be plain (a rehearsal against the sandbox).
		u, err := url.Parse(o)
		if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
			return nil, fmt.Errorf("--pay-origin must be an https address such as https://3ds.acquirer.example (it is %q)", o)
		}
	}
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return nil, errors.New("--tls-cert and --tls-key go together")
	case c.TLSCert == "" && len(c.TrustedProxies) == 0:
		return nil, errors.New("give --tls-cert and --tls-key, or name the proxies that end TLS with --trusted-proxy")
	}
	for _, p := range c.TrustedProxies {
		n, err := netip.ParsePrefix(p)
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxy %q is no network such as 10.0.0.0/24", p)
		}
		proxies = append(proxies, n)
	}
	if host, _, err := net.SplitHostPort(c.MetricsAddr); err != nil || !loopback(host) {
		return nil, fmt.Errorf("--metrics-addr %q must be a loopback address such as 127.0.0.1:9090", c.MetricsAddr)
	}
	if c.Heads == "" {
		if c.Heads = HeadsBeside(c.DB); c.Heads == "" {
			return nil, errors.New("name a file for the signed heads of the audit trail with --audit-heads; it belongs outside the database")
		}
	}
	for name, value := range map[string]string{"--acquirer-key-file": string(c.AcquirerKey), "--sms-key-file": string(c.SMSKey), "--callback-secret-file": string(c.CallbackSecret)} {
		if value == "" {
			return nil, fmt.Errorf("%s is empty; it must hold the secret agreed with the partner", name)
		}
	}
	return proxies, nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// Serve runs the bank for real clients until ctx ends.
func Serve(ctx context.Context, c ServeConfig) error {
	proxies, err := c.check()
	if err != nil {
		return err
	}
	keys, err := vault.New(ctx, c.Keys)
	if err != nil {
		return err
	}
	clk := clock.System()
	d, err := db.Open(ctx, c.DB, db.Options{Clock: clk})
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.CheckSchema(ctx); err != nil {
		return err
	}
	if err := d.Stamp(ctx, db.Live); err != nil {
		return err
	}
	take, err := acquirer.New(acquirer.Config{URL: c.AcquirerURL, Key: c.AcquirerKey, CallbackURL: c.PartnersOrigin + "/acquirer/callback", Timeout: chargeIn, Log: c.Log})
	if err != nil {
		return err
	}
	say, err := sms.New(sms.Config{URL: c.SMSURL, Key: c.SMSKey, CallbackURL: c.PartnersOrigin + "/sms/receipt"})
	if err != nil {
		return err
	}
	phones, err := c.Phones.open(c.Log)
	if err != nil {
		return err
	}
	scheme, err := directory.New(directory.Config{Hosts: c.DirectoryHost})
	if err != nil {
		return err
	}
	others, err := readAgents(c.Agents)
	if err != nil {
		return fmt.Errorf("--agents-file: %w", err)
	}
	network, err := c.Credits.open(c.Log, clk.Now)
	if err != nil {
		return err
	}
	b, err := openBank(ctx, parts{agents: others, db: d, vault: keys, clock: clk, log: c.Log, heads: c.Heads, origin: c.Origin, bin: c.BIN, brand: c.Brand.Name, acquirer: take, sms: say,
		network:       network,
		consoleOrigin: c.ConsoleOrigin, acsOrigin: strings.TrimSuffix(c.ACSOrigin, "/"), directory: scheme, phones: phones, alerts: c.Alerts})
	if err != nil {
		return err
	}
	return errors.Join(b.serve(ctx, c, proxies), b.close())
}

func (b *bank) serve(ctx context.Context, c ServeConfig, proxies []netip.Prefix) error {
	doors, err := b.doors(doorConfig{
		origin: c.Origin, payOrigins: c.PayOrigins, brand: c.Brand, callbackSecret: c.CallbackSecret, smsSecret: c.SMSCallbackSecret, networkSecret: c.NetworkSecret, railSecret: c.Phones.Secret, proxies: proxies, stopping: ctx.Done(),
		consoleOrigin: c.ConsoleOrigin, acsOrigin: strings.TrimSuffix(c.ACSOrigin, "/"), auditReport: c.AuditReport, securityContact: c.SecurityContact,
		mutual: c.DirectoryCA != "",
	})
	if err != nil {
		return err
	}
	var scheme *x509.CertPool
	if c.ACSOrigin != "" && c.DirectoryCA != "" {
		if scheme, err = authority(c.DirectoryCA); err != nil {
			return fmt.Errorf("the directory's authority: %w", err)
		}
	}
	var servers []*server
	for _, s := range []struct {
		name, addr string
		handler    http.Handler
		open       bool // without TLS even when the others have it
	}{
		{"the cabinet", c.Addr, doors.cabinet, false},
		{"the partners", c.PartnersAddr, doors.partners, false},
		{"the metrics", c.MetricsAddr, doors.metrics, true},
		{"the console", c.ConsoleAddr, doors.console, false},
		{"3-D Secure", c.ACSAddr, doors.acs, false},
	} {
		if s.handler == nil || s.name == "the console" && c.ConsoleOrigin == "" {
			continue
		}
		l, err := listen(s.addr, s.name)
		if err != nil {
			for _, open := range servers {
				open.listener.Close()
			}
			return err
		}
		if !s.open && c.TLSCert == "" {
			s.handler = onlyFrom(proxies, s.handler)
		}
		one := newServer(s.name, l, s.handler, c.Log)
		if !s.open {
			one.cert, one.key = c.TLSCert, c.TLSKey
		}
		if s.name == "3-D Secure" {
			one.clientCA = scheme
		}
		servers = append(servers, one)
	}
	line, secure, err := c.Cards.open()
	if err != nil {
		for _, open := range servers {
			open.listener.Close()
		}
		return err
	}
	g, work := errgroup.WithContext(ctx)
	if line != nil {
		g.Go(func() error { return cardhost.New(b.cardhost(secure)).Run(work, line) })
	}
	for _, s := range servers {
		g.Go(func() error { return s.run(work) })
	}
	g.Go(func() error { b.runLoops(work); return nil })
	if _, err := fmt.Fprintf(c.Out, "ready cabinet=%s api=%s/api/v1\n", c.Origin, c.Origin); err != nil {
		return err
	}
	return ignoreStop(ctx, g.Wait())
}
