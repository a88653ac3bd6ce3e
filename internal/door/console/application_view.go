package console

import (
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/door/web"
)

// QueueView is the managers' queue: who waits, until when, and whether it is
// day where he lives.
type QueueView struct {
	Page
	Show string
	Rows []QueueLine
	Next string // the key of the page's last line; empty: nothing follows
}

// QueueLine is one application, masked.
type QueueLine struct {
	ID, State, Masked, Region string
	Local                     string // what the client's clock shows
	Callable                  bool
	CallFrom                  string // when it will be calling time; empty: it is
	Promised, Submitted       string
	Late                      bool
	NoAnswers                 int
	TakenBy                   string
	Mine                      bool
	Courier                   bool
	Old                       bool // a client of the old way
}

// ApplicationView is one application: masked, or opened by a look.
type ApplicationView struct {
	Page
	Line  QueueLine
	Zone  *time.Location
	Look  string
	D     *application.Dossier // nil: masked
	At    application.Page     // the scan that is shown large
	Shown *application.PageView
	Typed web.Form
}

// pick chooses the scan to show.
func (v *ApplicationView) pick() {
	if v.D == nil {
		return
	}
	for i, p := range v.D.Pages {
		if p.Have && (p.Page == v.At || v.Shown == nil) {
			v.Shown = &v.D.Pages[i]
		}
	}
}

// href is an address of this application.
func (v ApplicationView) href(more string) templ.SafeURL {
	return templ.SafeURL("/applications/" + v.Line.ID + more)
}

// scan is the address of a picture.
func (v ApplicationView) scan(p application.PageView, small bool) string {
	out := "/applications/" + v.Line.ID + "/scans/" + p.Scan.ID.Text(scan.Prefix) + "?look=" + v.Look
	if small {
		out += "&small=1"
	}
	return out
}

// call is the call that is under way, or nil.
func (v ApplicationView) call() *application.Call {
	if v.D == nil || len(v.D.Calls) == 0 {
		return nil
	}
	if c := v.D.Calls[0]; c.Ended.Year() <= 1 && v.Now.Sub(c.Begun) < 30*time.Minute {
		return &c
	}
	return nil
}

// spoken tells that a call has reached the person.
func (v ApplicationView) spoken() bool {
	for _, c := range v.D.Calls {
		if c.Outcome == application.Reached {
			return true
		}
	}
	return false
}

func (v ApplicationView) can(states ...string) bool {
	for _, s := range states {
		if v.Line.State == s {
			return v.Line.Mine && v.D != nil
		}
	}
	return false
}

// decided tells that nothing more is to be decided.
func (v ApplicationView) decided() bool {
	return slices.Contains([]string{"approved", "refused", "withdrawn"}, v.Line.State)
}

// tel is the number as a link dials it.
func (v ApplicationView) tel() templ.SafeURL { return templ.SafeURL("tel:" + v.D.Phone.E164()) }

// name, address and the other facts as a manager compares them with a scan.
func (v ApplicationView) name() string {
	return words(" ", v.D.Name.Last, v.D.Name.First, v.D.Name.Middle)
}

func (v ApplicationView) passport() string {
	return words(" ", v.D.Passport.Series, v.D.Passport.Number)
}

func (v ApplicationView) address() string {
	a := v.D.Address
	region, _ := application.RegionOf(a.Region)
	return words(", ", a.PostCode, region.Name(v.P.Lang()), a.City, a.Street, a.House, a.Flat)
}

func (v ApplicationView) given() string {
	var out []string
	for _, c := range v.D.Consents {
		if c.Given {
			out = append(out, v.P.T(c.Key()+"_short"))
		}
	}
	return strings.Join(out, ", ")
}

// words joins what is not empty.
func words(sep string, parts ...string) string {
	var out []string
	for _, s := range parts {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, sep)
}

// momentOf is a moment in the bank's own time: «сегодня, 18:00».
func momentOf(p Page, t time.Time) string {
	return p.P.DayIn(t, p.Now, clock.Moscow) + ", " + p.P.Clock(t)
}

func (v ApplicationView) title() string {
	return v.P.T("console.application.title", locale.A("name", v.Line.Masked))
}

func queueHref(show string) templ.SafeURL {
	if show == showWaiting {
		return "/applications"
	}
	return templ.SafeURL("/applications?show=" + show)
}

func orWaiting(show string) string {
	if show == showWaiting {
		return "waiting"
	}
	return show
}
