package cabinet

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// The cookies. Those of the session and of a flow end with the browser; the
// device is remembered for as long as browsers allow.
// LangCookie keeps the reader's language, which pages of other doors on the
// same origin may know.
const LangCookie = "__Host-lang"

const (
	sessionCookie = "__Host-rb"
	deviceCookie  = "__Host-rbd"
	flowCookie    = "__Host-rbf"
	noticeCookie  = "__Host-rbn"
	langCookie    = LangCookie
	themeCookie   = "__Host-theme"
	sumsCookie    = "__Host-sums"

	deviceLife = 400 * 24 * time.Hour
	choiceLife = 365 * 24 * time.Hour
)

// toLogin sends somebody without a session to the login page, which brings him
// back to where he was; a form he had filled in is kept if its route can.
func (d *Door) toLogin(w http.ResponseWriter, r *http.Request, rt route, why error) {
	next, kept := homeOf(r), false
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		next = r.URL.RequestURI()
	case rt.keep != nil:
		next, kept = rt.keep(r)
	}
	q := url.Values{}
	if next, ok := web.LocalPath(next); ok && next != "/home" {
		q.Set("next", next)
	}
	if e := expiry(why); e != NotExpired {
		q.Set("why", string(e))
	}
	if kept {
		q.Set("kept", "1")
	}
	_ = seeOther(w, r, withQuery("/login", q)) // writes, and cannot fail
}

func expiry(why error) Expiry {
	switch {
	case errors.Is(why, access.ErrIdle):
		return IdleExpired
	case errors.Is(why, access.ErrTooOld):
		return HardExpired
	case errors.Is(why, access.ErrEnded):
		return EndedByOwner
	}
	return NotExpired
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// onward tells where to go after a login.
func onward(next string) string {
	if to, ok := web.LocalPath(next); ok {
		return to
	}
	return "/home"
}

// letIn gives the browser the cookies of a login that worked. The flow is over,
// and so is the session that the browser came with: nobody holds its cookie
// any more but somebody who should not (A16).
func (d *Door) letIn(w http.ResponseWriter, r *http.Request, e access.Entry) error {
	if c := of(r); c.left.ID != (id.ID{}) && c.left.ID != e.Session.ID {
		if err := d.Access.Logout(r.Context(), c.left); err != nil {
			return err
		}
		d.Live.Kick(c.left.Client) // its streams look whether they still may
	}
	web.SetCookie(w, sessionCookie, e.SessionToken.Reveal(), 0)
	if !e.DeviceToken.Empty() {
		web.SetCookie(w, deviceCookie, e.DeviceToken.Reveal(), deviceLife)
	}
	web.DropCookie(w, flowCookie)
	return nil
}

func (d *Door) keepFlow(w http.ResponseWriter, f access.Flow) {
	if !f.Token.Empty() {
		web.SetCookie(w, flowCookie, f.Token.Reveal(), max(time.Minute, f.Ends.Sub(d.Now())))
	}
}

// visitorOf tells room access who comes: a new device with the key it brings,
// a known one with its signature of this login. The signature is kept as
// evidence and so, in a form, covers the request without its body, which holds
// a secret; a script that signs like anywhere else is taken at its word.
func visitorOf(r *http.Request) access.Visitor {
	c := of(r)
	v := access.Visitor{IP: web.VisitOf(r).IP, Agent: r.UserAgent()}
	if c.form.Get("device_key") != "" {
		v.Key = &access.Enrolment{PublicKey: unbase64(c.form.Get("device_key")), Signature: unbase64(c.form.Get("device_key_signature"))}
	}
	body := []byte(nil)
	if byScript(r) {
		body = c.body
	}
	if p, err := access.ParseProof(c.proof, r.Method, r.RequestURI, body); err == nil {
		v.Proof = &p
	}
	return v
}

// unbase64 reads what the browser's script signed or made; what is none is
// nothing, which no key and no signature is.
func unbase64(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

// notice names a one-time message for the next page. Only names travel in the
// cookie; the words are ours.
type notice string

const (
	noticeSent      notice = "sent" // shown by the receipt itself
	noticeEnded     notice = "ended"
	noticeEndedAll  notice = "ended_all"
	noticeRevoked   notice = "revoked"
	noticeHookGone  notice = "hook_gone"
	noticeHookAgain notice = "hook_again"
	noticeNobody    notice = "nobody"
	noticeDraft     notice = "draft"
	noticeFlow      notice = "flow"
	noticeQuest     notice = "quest"

	noticeWithdrawn notice = "withdrawn"

	noticeForgotten    notice = "forgotten"
	noticePasskeyAdded notice = "passkey_added"
	noticePasskeyGone  notice = "passkey_gone"
	noticePasskeyNamed notice = "passkey_named"
	noticePasscode     notice = "passcode"
	noticeLockedDown   notice = "locked_down"
	noticeDeletion     notice = "deletion"
	noticePapers       notice = "papers"
	noticeLimits       notice = "limits"
	noticeLimitsLater  notice = "limits_later"
)

func leaveNotice(w http.ResponseWriter, n notice) {
	web.SetCookie(w, noticeCookie, string(n), time.Minute)
}

// takeNotice reads the message left by the last request and takes it away.
func takeNotice(w http.ResponseWriter, r *http.Request) notice {
	n := notice(web.Cookie(r, noticeCookie))
	if n != "" {
		web.DropCookie(w, noticeCookie)
	}
	return n
}

// shown is page with the message that the last request left.
func (d *Door) shown(w http.ResponseWriter, r *http.Request) ui.Page {
	p := d.page(r)
	p.Notice = words(p.P, takeNotice(w, r))
	return p
}

func words(p *locale.Printer, n notice) *ui.Notice {
	switch n {
	case noticeEnded:
		return &ui.Notice{Tone: ui.Good, Text: p.T("cabinet.notice.ended")}
	case noticeEndedAll:
		return &ui.Notice{Tone: ui.Good, Text: p.T("cabinet.notice.ended_all")}
	case noticeForgotten:
		return &ui.Notice{Tone: ui.Good, Text: p.T("cabinet.notice.forgotten")}
	case noticePasskeyAdded, noticePasskeyGone, noticePasskeyNamed, noticePasscode, noticeLockedDown, noticeDeletion, noticePapers, noticeHookGone, noticeHookAgain, noticeLimits, noticeLimitsLater:
		return &ui.Notice{Tone: ui.Good, Text: p.T("cabinet.notice." + string(n))}
	case noticeRules:
		return &ui.Notice{Tone: ui.Good, Text: p.T("cabinet.notice.rules")}
	case noticeRulesOld:
		return &ui.Notice{Tone: ui.Info, Text: p.T("cabinet.notice.rules_old")}
	case noticeRevoked:
		return &ui.Notice{Tone: ui.Good, Text: p.T("cabinet.notice.revoked")}
	case noticeNobody:
		return &ui.Notice{Tone: ui.Info, Text: p.T("cabinet.notice.nobody")}
	case noticeDraft:
		return &ui.Notice{Tone: ui.Info, Text: p.T("cabinet.notice.draft")}
	case noticeQuest:
		return &ui.Notice{Tone: ui.Info, Text: p.T("cabinet.notice.quest")}
	case noticeWithdrawn:
		return &ui.Notice{Tone: ui.Good, Text: p.T("cabinet.notice.withdrawn")}
	case noticeFlow:
		return &ui.Notice{Tone: ui.Info, Text: p.T("cabinet.notice.flow")}
	}
	if (strings.HasPrefix(string(n), "card_") || strings.HasPrefix(string(n), "friend")) && p.Has("cabinet.notice."+string(n)) {
		return &ui.Notice{Tone: ui.Good, Text: p.T("cabinet.notice." + string(n))}
	}
	return nil
}
