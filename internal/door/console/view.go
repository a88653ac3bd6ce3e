package console

import (
	"context"
	"io"

	"github.com/a-h/templ"

	"rocketbank/internal/bank/staff"
	"rocketbank/internal/door/ui"
)

// Frame is what a page tells its shell.
type Frame struct {
	Title string
	Tab   Tab
	Sheet string // a stylesheet more than console.css, by name; may be empty
	// Aside stands beside the content where there is room for three panes.
	Aside templ.Component
}

// Tab is one place of the menu.
type Tab string

// The places. Which are shown depends on the roles.
const (
	NoTab           Tab = ""
	TabHome         Tab = "home"
	TabApplications Tab = "applications"
	TabClients      Tab = "clients"
	TabProposals    Tab = "proposals"
	TabDeliveries   Tab = "deliveries"
	TabBreaks       Tab = "breaks"
	TabDisputes     Tab = "disputes"
	TabDeletions    Tab = "deletions"
	TabAudit        Tab = "audit"
	TabWatch        Tab = "watch"
	TabStaff        Tab = "staff"
	TabMe           Tab = "me"
)

type place struct {
	tab   Tab
	href  templ.SafeURL
	icon  string
	key   string // pressed behind «g»
	roles staff.Roles
}

// places is the menu; a place without roles is everybody's.
func places() []place {
	return []place{
		{TabHome, "/", "house", "h", 0},
		{TabApplications, "/applications", "receipt-russian-ruble", "a", staff.Manager},
		{TabClients, "/clients", "user-round", "c", staff.Clients},
		{TabProposals, "/proposals", "check", "p", staff.Clients},
		{TabDeliveries, "/deliveries", "credit-card", "e", staff.CardOfficer},
		{TabDisputes, "/disputes", "flag", "f", staff.CardOfficer | staff.Compliance},
		{TabBreaks, "/breaks", "triangle-alert", "b", staff.CardOfficer | staff.Compliance},
		{TabDeletions, "/deletions", "hourglass", "d", staff.Compliance},
		{TabAudit, "/audit", "key-round", "j", staff.Auditor | staff.Security},
		{TabWatch, "/watch", "shield-check", "w", staff.Security},
		{TabStaff, "/staff", "layout-grid", "s", staff.Admin},
		{TabMe, "/me", "lock", "m", 0},
	}
}

// menu lists the places of a member.
func (p Page) menu() []place {
	var out []place
	for _, one := range places() {
		if one.roles == 0 || p.Actor.Has(one.roles) {
			out = append(out, one)
		}
	}
	return out
}

// Shell is the frame of every page of the console; the page's content are its
// children.
func Shell(p Page, f Frame) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return ui.Fragment(p.Page, document(p, f)).Render(ctx, w)
	})
}

func (f Frame) title(p Page) string {
	t := f.Title
	if p.Errors.Any() {
		t = p.P.T("console.title_error") + ": " + t
	}
	if t != "" {
		t += " · "
	}
	return t + p.P.T("console.name") + " " + p.Kit.Brand.Name
}

// rolesIn says a set of roles in the reader's words.
func rolesIn(p Page, r staff.Roles) string {
	out := ""
	for _, one := range r.Each() {
		if out != "" {
			out += ", "
		}
		out += p.P.T("console.role." + one.Word())
	}
	return out
}

// ErrorView is a page of a refusal.
type ErrorView struct {
	Page
	Status    int
	Text      string
	RequestID string
}

// LoginView is the page that asks for a passkey.
type LoginView struct {
	Page
	Next string
	Why  string
}

// InviteView is the page of a one-time link.
type InviteView struct {
	Page
	Name  string
	Roles staff.Roles
	Token string
}

// lookWord says what part of a client's data was looked at.
func lookWord(p Page, w staff.What) string {
	if key := "console.what." + string(w); p.P.Has(key) {
		return p.P.T(key)
	}
	return string(w)
}
