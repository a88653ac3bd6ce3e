package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/alecthomas/kong"

	"rocketbank/internal/app"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/rail/signature"
)

type serveCmd struct {
	Config kong.ConfigFlag `placeholder:"FILE" help:"JSON file with these flags by name."`
	database
	keyFile
	AuditHeads     string   `placeholder:"FILE" help:"Where signed heads of the audit trail are kept, outside the database (beside an SQLite file when not given)."`
	Origin         string   `required:"" placeholder:"https://…" help:"Where clients use the bank."`
	Addr           string   `default:":8443" help:"Where the cabinet and the API listen."`
	PartnersOrigin string   `required:"" placeholder:"https://…" help:"Where partners reach the callback listener."`
	PartnersAddr   string   `default:":8444" help:"Where the callback listener is."`
	ConsoleOrigin  string   `placeholder:"https://…" help:"Where staff use the console; without it this server has none."`
	ConsoleAddr    string   `default:":8445" help:"Where the console listens."`
	MetricsAddr    string   `default:"127.0.0.1:9090" help:"Where /metrics is; loopback only."`
	TLSCert        string   `name:"tls-cert" placeholder:"FILE" help:"Certificate chain, PEM."`
	TLSKey         string   `name:"tls-key" placeholder:"FILE" help:"Its private key, PEM."`
	TrustedProxy   []string `placeholder:"CIDR" help:"Networks of the proxies that end TLS; they alone may set forwarded headers."`

	AcquirerURL        string   `required:"" name:"acquirer-url" placeholder:"URL" help:"The acquirer's API, for top-ups from other banks' cards."`
	AcquirerKeyFile    string   `required:"" placeholder:"FILE" help:"File with the acquirer's API key."`
	PayOrigin          []string `required:"" placeholder:"https://…" help:"Where the acquirer's code pages live."`
	SMSURL             string   `required:"" name:"sms-url" placeholder:"URL" help:"The SMS gateway's API."`
	SMSKeyFile         string   `required:"" name:"sms-key-file" placeholder:"FILE" help:"File with the gateway's API key."`
	CallbackSecretFile string   `required:"" placeholder:"FILE" help:"File with the secret that seals partners' callbacks."`

	SMSCallbackSecretFile string `name:"sms-callback-secret-file" placeholder:"FILE" help:"The SMS gateway's own secret, when it is not the acquirer's."`

	ACSOrigin     string   `name:"acs-origin" placeholder:"https://…" help:"Where 3-D Secure finds the bank; without it this server declines purchases in the internet."`
	ACSAddr       string   `name:"acs-addr" default:":8446" help:"Where the access control server listens."`
	DirectoryHost []string `placeholder:"HOST" help:"Hosts of the card scheme's directory, which alone are told results."`
	DirectoryCA   string   `name:"directory-ca" placeholder:"FILE" help:"Authority whose certificates the directory shows, PEM; needed where this server ends TLS itself."`
	CardhostAddr  string   `placeholder:"ADDR" help:"Where the card network's ISO 8583 line listens; without it this server has none."`
	CardhostCert  string   `placeholder:"FILE" help:"Certificate chain of that line, PEM; without one it listens on loopback alone."`
	CardhostKey   string   `placeholder:"FILE" help:"Its private key, PEM."`
	CardhostCA    string   `name:"cardhost-ca" placeholder:"FILE" help:"Authority whose certificates the network shows, PEM."`
	NetworkSecret string   `name:"network-secret-file" placeholder:"FILE" help:"The card network's own secret for clearing files, when it is not the acquirer's."`

	NetworkAddr     string   `placeholder:"HOST:PORT" help:"Where the card network takes credits to other banks' cards; without it this server sends none."`
	NetworkCert     string   `placeholder:"FILE" help:"Our certificate chain on that line, PEM; without one the line goes to loopback alone."`
	NetworkKey      string   `placeholder:"FILE" help:"Its private key, PEM."`
	NetworkCA       string   `name:"network-ca" placeholder:"FILE" help:"Authority whose certificate the network shows, PEM."`
	NetworkAcquirer string   `placeholder:"NUMBER" help:"Our number as an institution, up to 11 digits (the first digits of our cards when not given)."`
	NetworkTerminal string   `default:"P2P00001" help:"Our terminal's name on that line."`
	NetworkMerchant string   `default:"P2P" help:"Our name as a merchant on that line."`
	NetworkPlace    string   `default:"P2P TRANSFER" help:"Our name and place as the receiver's bank sees them, up to 40 Latin characters."`
	NetworkFinal    []string `placeholder:"CODE" help:"Response codes that mean a definite no on this link although elsewhere they decide nothing."`

	PhonerailURL     string `name:"phonerail-url" placeholder:"URL" help:"The phone-number rail, by which clients pay people in other banks; without it this server has no such way."`
	PhonerailSecret  string `name:"phonerail-secret-file" placeholder:"FILE" help:"File with the secret that seals what goes over it."`
	PhonerailMember  string `placeholder:"DIGITS" help:"Our identifier on the rail, 12 digits."`
	PhonerailBIK     string `name:"phonerail-bik" placeholder:"DIGITS" help:"Our БИК."`
	PhonerailAccount string `placeholder:"DIGITS" help:"Our account there, for payments that have no payer's phone."`

	AgentsFile string `placeholder:"FILE" help:"Mobile operators and wallets that receivers of links may choose, as docs/partners.md has it; without it there are none."`

	AlertHook        string `placeholder:"https://…" help:"Address that is told of each alert by a JSON request."`
	AlertHookSecret  string `name:"alert-hook-secret-file" placeholder:"FILE" help:"File with the secret that seals those requests."`
	AlertHookPrivate bool   `help:"Let that address lie in a private network."`
	AuditReport      string `placeholder:"FILE" help:"What make audit wrote, for the console's page."`
	SecurityContact  string `placeholder:"URI" help:"Whom researchers tell of a hole: mailto:, https: or tel: (the bank's phone when not given)."`

	BIN        string `name:"bin" required:"" help:"First digits of the cards the partner bank lets us issue."`
	BrandName  string `default:"Рокетбанк" help:"The bank's name as clients see it."`
	BrandPhone string `required:"" help:"The bank's phone as clients see it."`
	Issuer     string `help:"The partner bank that issues the cards, as clients see it on their cards' pages."`
}

// Run serves until it is interrupted.
func (c serveCmd) Run(ctx context.Context, out io.Writer) error {
	keys, err := c.file()
	if err != nil {
		return err
	}
	hint(keys, os.Stderr)
	cfg := app.ServeConfig{
		DB: c.DB, Keys: keys, Heads: c.AuditHeads, Origin: c.Origin, Addr: c.Addr, PartnersOrigin: c.PartnersOrigin, PartnersAddr: c.PartnersAddr,
		MetricsAddr: c.MetricsAddr, TLSCert: c.TLSCert, TLSKey: c.TLSKey, TrustedProxies: c.TrustedProxy, BIN: c.BIN,
		AcquirerURL: c.AcquirerURL, PayOrigins: c.PayOrigin, SMSURL: c.SMSURL,
		ConsoleOrigin: c.ConsoleOrigin, ConsoleAddr: c.ConsoleAddr, AuditReport: c.AuditReport, Agents: c.AgentsFile, SecurityContact: c.SecurityContact,
		ACSOrigin: c.ACSOrigin, ACSAddr: c.ACSAddr, DirectoryHost: c.DirectoryHost, DirectoryCA: c.DirectoryCA,
		Cards: app.CardLine{Addr: c.CardhostAddr, Cert: c.CardhostCert, Key: c.CardhostKey, ClientCA: c.CardhostCA},
		Credits: app.CreditLine{Addr: c.NetworkAddr, Cert: c.NetworkCert, Key: c.NetworkKey, CA: c.NetworkCA, Acquirer: cmp.Or(c.NetworkAcquirer, c.BIN),
			Terminal: c.NetworkTerminal, Merchant: c.NetworkMerchant, Place: c.NetworkPlace, Final: c.NetworkFinal},
		Phones: app.PhoneLine{URL: c.PhonerailURL, Member: c.PhonerailMember, BIK: c.PhonerailBIK, Account: c.PhonerailAccount},
		Alerts: app.Alerts{Hook: c.AlertHook, Private: c.AlertHookPrivate},
		Log:    slog.New(slog.NewJSONHandler(os.Stderr, nil)), Out: out,
	}
	for _, s := range []struct {
		path string
		to   *signature.Secret
	}{{c.AcquirerKeyFile, &cfg.AcquirerKey}, {c.SMSKeyFile, &cfg.SMSKey}, {c.CallbackSecretFile, &cfg.CallbackSecret}, {c.SMSCallbackSecretFile, &cfg.SMSCallbackSecret}, {c.NetworkSecret, &cfg.NetworkSecret}, {c.PhonerailSecret, &cfg.Phones.Secret}, {c.AlertHookSecret, &cfg.Alerts.Secret}} {
		if s.path == "" {
			continue // only those that may be left out come here empty
		}
		secret, err := secretFile(s.path)
		if err != nil {
			return err
		}
		*s.to = signature.Secret(secret)
	}
	number, err := phone.Parse(c.BrandPhone)
	if err != nil {
		return fmt.Errorf("--brand-phone %q is no phone number", c.BrandPhone)
	}
	cfg.Brand = ui.Brand{Name: c.BrandName, Phone: number.E164(), Issuer: c.Issuer}
	return app.Serve(ctx, cfg)
}
