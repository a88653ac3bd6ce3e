package app

import (
	"strings"
	"testing"

	"rocketbank/internal/rail/signature"
)

// serve names what is wrong with its configuration before anything is opened.
func TestServeRefusesABadConfiguration(t *testing.T) {
	t.Parallel()
	right := func() *ServeConfig {
		return &ServeConfig{
			Heads: "heads", Origin: "https://my.bank.example", PartnersOrigin: "https://partners.bank.example", MetricsAddr: "127.0.0.1:9090",
			ConsoleOrigin: "https://console.bank.example", TrustedProxies: []string{"127.0.0.1/32"}, PayOrigins: []string{"https://3ds.acquirer.example"},
			AcquirerKey: signature.Secret("a"), SMSKey: signature.Secret("b"), CallbackSecret: signature.Secret("c"),
		}
	}
	if _, err := right().check(); err != nil {
		t.Fatal(err)
	}
	none := right()
	none.ConsoleOrigin = ""
	if _, err := none.check(); err != nil {
		t.Fatalf("a server without a console: %v", err)
	}
	for _, origin := range []string{"http://console.bank.example", "https://console.bank.example/staff", "console.bank.example", "https://", "https://%zz"} {
		c := right()
		c.ConsoleOrigin = origin
		if _, err := c.check(); err == nil || !strings.Contains(err.Error(), "--console-origin must be an https address without a path") {
			t.Errorf("--console-origin %q: %v", origin, err)
		}
	}
	acs := func(c *ServeConfig) {
		c.ACSOrigin, c.DirectoryHost = "https://acs.bank.example", []string{"ds.scheme.example"}
	}
	proxied := right()
	acs(proxied)
	if _, err := proxied.check(); err != nil {
		t.Fatalf("3-D Secure behind a proxy: %v", err)
	}
	for want, spoil := range map[string]func(*ServeConfig){
		"--console-origin must differ": func(c *ServeConfig) { c.ConsoleOrigin = c.Origin },
		"--origin must be":             func(c *ServeConfig) { c.Origin = "http://my.bank.example" },
		"--partners-origin must be":    func(c *ServeConfig) { c.PartnersOrigin = "https://partners.bank.example/path" },
		"--pay-origin must be":         func(c *ServeConfig) { c.PayOrigins = []string{"http://3ds.acquirer.example"} },
		"go together":                  func(c *ServeConfig) { c.TLSCert = "cert.pem" },
		"--trusted-proxy":              func(c *ServeConfig) { c.TrustedProxies = nil },
		"no network":                   func(c *ServeConfig) { c.TrustedProxies = []string{"everybody"} },
		"--metrics-addr":               func(c *ServeConfig) { c.MetricsAddr = "0.0.0.0:9090" },
		"--audit-heads":                func(c *ServeConfig) { c.Heads, c.DB = "", "postgres://bank" },
		"--acs-origin must differ":     func(c *ServeConfig) { acs(c); c.ACSOrigin = c.Origin },
		"--directory-host":             func(c *ServeConfig) { acs(c); c.DirectoryHost = nil },
		"--acs-origin needs --directory-ca": func(c *ServeConfig) {
			acs(c)
			c.TLSCert, c.TLSKey = "cert.pem", "key.pem"
		},
		"--directory-ca needs --tls-cert": func(c *ServeConfig) { acs(c); c.DirectoryCA = "ca.pem" },
		"--sms-key-file is empty":         func(c *ServeConfig) { c.SMSKey = "" },
	} {
		c := right()
		spoil(c)
		if _, err := c.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// The demo speaks plain http and prints passcodes: it stays on this machine.
func TestDemoStaysOnThisMachine(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "bank.example:0", "8080"} {
		l, err := demoListeners(DemoConfig{Addr: addr})
		l.close()
		if err == nil || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("%q: %v", addr, err)
		}
	}
	for _, addr := range []string{"127.0.0.1:0", "localhost:0", "[::1]:0", ""} {
		l, err := demoListeners(DemoConfig{SandboxAddr: addr})
		l.close()
		if err != nil && addr != "[::1]:0" { // a machine may have no IPv6
			t.Errorf("%q: %v", addr, err)
		}
	}
}
