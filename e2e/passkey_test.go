package e2e

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
)

// Authenticator gives the window a finger that its device knows: a platform
// authenticator that keeps passkeys and verifies its owner (CTAP2). It answers
// at once, the passkeys offered among the suggestions of a field included.
func (p *Page) Authenticator() {
	p.t.Helper()
	p.Do(
		send(webauthn.Enable, webauthn.EnableParams{}),
		send(webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}}),
	)
}

var enterLink = regexp.MustCompile(`https?://\S+/enter/\S+`)

// Invite adds a member of staff by the operator's command, beside the running
// bank, and gives the link it prints.
func (d *Demo) Invite(t testing.TB, name, role string) (link string) {
	t.Helper()
	out, code := d.Run("staff", "add", "--keys", filepath.Join(d.folder, "keys.json"), "--console-origin", d.Console, "--name", name, "--roles", role)
	if link = enterLink.FindString(out); code != 0 || link == "" {
		t.Fatalf("staff add ended with %d: %s", code, out)
	}
	return link
}

// Hire invites a member of staff, who comes in with a passkey of his own.
func (d *Demo) Hire(t testing.TB, name, role string, o Opt) *Page {
	t.Helper()
	link := d.Invite(t, name, role)
	m := Open(t, d.Console, o)
	m.Authenticator()
	m.Go(link)
	m.Sees("Здравствуйте, " + name)
	m.Press("Создать ключ входа")
	m.At("/")
	return m
}
