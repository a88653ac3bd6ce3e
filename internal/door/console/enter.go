package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

func (d *Door) getLogin(w http.ResponseWriter, r *http.Request) error {
	next, ok := web.LocalPath(r.URL.Query().Get("next"))
	if !ok {
		next = "/"
	}
	if of(r).inside {
		return seeOther(w, r, next)
	}
	v := LoginView{Page: d.shown(w, r), Next: next}
	switch r.URL.Query().Get("why") {
	case "idle":
		v.Why = v.P.Fault(staff.ErrIdle)
	case "old":
		v.Why = v.P.Fault(staff.ErrTooOld)
	case "disabled":
		v.Why = v.P.Fault(staff.ErrDisabled)
	}
	return d.render(w, r, http.StatusOK, LoginPage(v))
}

// told answers the script of the passkey pages.
func told(w http.ResponseWriter, status int, what any) error {
	b, err := json.Marshal(what)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the script has gone; nothing to tell it
	return nil
}

// asked is what the script gets to hand to the browser.
type asked struct {
	Options json.RawMessage `json:"options"`
	Ref     string          `json:"ref"`
}

type answered struct {
	To    string `json:"to,omitempty"`
	Error string `json:"error,omitempty"`
}

// tell answers a dialogue or words its refusal for the script.
func (d *Door) tell(w http.ResponseWriter, r *http.Request, what any, err error) error {
	if f, ok := fault.As(err); ok {
		if f.Err != nil {
			d.Log.InfoContext(r.Context(), "passkey refused", "id", web.VisitOf(r).ID, "err", f.Err)
		}
		return told(w, web.Status(err), answered{Error: d.page(r).P.Fault(f)})
	}
	if err != nil {
		return err
	}
	return told(w, http.StatusOK, what)
}

func (d *Door) postLoginBegin(w http.ResponseWriter, r *http.Request) error {
	g, err := d.Staff.BeginLogin(r.Context())
	return d.tell(w, r, asked{g.Options, g.Ref}, err)
}

func (d *Door) postLoginFinish(w http.ResponseWriter, r *http.Request) error {
	form := of(r).form
	e, err := d.Staff.FinishLogin(r.Context(), form.Get("ref"), []byte(form.Get("response")))
	if err == nil {
		d.letIn(w, r, e)
	}
	next, ok := web.LocalPath(form.Get("next"))
	if !ok {
		next = "/"
	}
	return d.tell(w, r, answered{To: next}, err)
}

// letIn gives the browser its session; the one it came with is over.
func (d *Door) letIn(w http.ResponseWriter, r *http.Request, e staff.Entry) {
	if c := of(r); c.inside {
		if err := d.Staff.Logout(r.Context(), c.session); err != nil {
			d.Log.ErrorContext(r.Context(), "end the session before", "err", err)
		}
	}
	web.SetCookie(w, sessionCookie, e.Token.Reveal(), 0)
}

// getEnter opens a one-time link. An invitation shows whose it is and asks for
// a passkey; a link of the demo's sandbox opens a session at once.
func (d *Door) getEnter(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	m, err := d.Staff.Invited(r.Context(), token)
	if err == nil {
		v := InviteView{Page: d.page(r), Name: m.Name.Whole(), Roles: m.Roles, Token: token}
		return d.render(w, r, http.StatusOK, InvitePage(v))
	}
	if fault.CodeOf(err) != fault.Missing || r.Method == http.MethodHead {
		return err
	}
	e, demoErr := d.Staff.EnterDemo(r.Context(), token)
	if demoErr != nil {
		if fault.CodeOf(demoErr) == fault.Refused {
			return err // no demo: the link is simply none
		}
		return demoErr
	}
	d.letIn(w, r, e)
	return seeOther(w, r, "/")
}

func (d *Door) postEnterBegin(w http.ResponseWriter, r *http.Request) error {
	g, err := d.Staff.BeginRegister(r.Context(), r.PathValue("token"))
	return d.tell(w, r, asked{g.Options, g.Ref}, err)
}

func (d *Door) postEnterFinish(w http.ResponseWriter, r *http.Request) error {
	form := of(r).form
	e, err := d.Staff.FinishRegister(r.Context(), r.PathValue("token"), form.Get("ref"), []byte(form.Get("response")))
	if err == nil {
		d.letIn(w, r, e)
	}
	return d.tell(w, r, answered{To: "/"}, err)
}

func (d *Door) postLogout(w http.ResponseWriter, r *http.Request) error {
	if c := of(r); c.inside {
		if err := d.Staff.Logout(r.Context(), c.session); err != nil {
			return err
		}
	}
	web.DropCookie(w, sessionCookie)
	w.Header().Set("Clear-Site-Data", `"cache"`)
	return seeOther(w, r, "/login")
}

// postSettings keeps language and colours, which are the browser's own.
func (d *Door) postSettings(w http.ResponseWriter, r *http.Request) error {
	form := of(r).form
	if lang := form.Get("lang"); lang != "" {
		web.SetCookie(w, langCookie, string(locale.For(locale.Lang(lang)).Lang()), choiceLife)
	}
	if form.Has("theme") {
		web.SetCookie(w, themeCookie, string(ui.ParseTheme(form.Get("theme"))), choiceLife)
	}
	back, ok := web.LocalPath(form.Get("back"))
	if !ok {
		back = "/"
	}
	return seeOther(w, r, back)
}

func (d *Door) getFavicon(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	http.Redirect(w, r, d.Kit.URL("logo.svg"), http.StatusMovedPermanently)
	return nil
}

// getHealth tells that the process answers at all.
func (d *Door) getHealth(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // nobody to tell when the asker has gone
	return nil
}

// dayOf writes a stored date as people do: «31.12.1990».
func dayOf(stored string) string {
	d, ok := client.ParseDate(stored)
	if !ok {
		return stored
	}
	return fmt.Sprintf("%02d.%02d.%04d", d.Day, int(d.Month), d.Year)
}

// stampOf writes a moment for a table: «22.11.2026 14:05».
func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Moscow).Format("02.01.2006 15:04")
}
