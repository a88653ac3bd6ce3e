package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// applicationRoutes are the pages of the managers who take clients on: the
// queue, the call card, the viewer of scans and the decision. The table of
// routes appends them.
func (d *Door) applicationRoutes() []route {
	return []route{
		{method: get, path: "/applications", who: member, roles: staff.Manager, serve: d.getQueue},
		{method: get, path: "/applications/{id}", who: member, roles: staff.Manager, serve: d.getApplication},
		{method: post, path: "/applications/{id}/take", who: member, roles: staff.Manager, serve: d.postTake},
		{method: post, path: "/applications/{id}/release", who: member, roles: staff.Manager, serve: d.postRelease},
		{method: post, path: "/applications/{id}/open", who: member, roles: staff.Manager, serve: d.postOpenApplication},
		{method: get, path: "/applications/{id}/scans/{scan}", who: member, roles: staff.Manager, serve: d.getScan},
		{method: post, path: "/applications/{id}/call", who: member, roles: staff.Manager, serve: d.postCall},
		{method: post, path: "/applications/{id}/call/end", who: member, roles: staff.Manager, serve: d.postCallEnd},
		{method: post, path: "/applications/{id}/retake", who: member, roles: staff.Manager, serve: d.postRetake},
		{method: post, path: "/applications/{id}/approve", who: member, roles: staff.Manager, serve: d.postApprove},
		{method: post, path: "/applications/{id}/refuse", who: member, roles: staff.Manager, serve: d.postRefuse},
		{method: post, path: "/applications/{id}/met", who: member, roles: staff.Manager, serve: d.postMet},
	}
}

// The filters of the queue.
const (
	showWaiting = ""
	showMine    = "mine"
	showRetake  = "retake"
	showDone    = "done"
)

func (d *Door) getQueue(w http.ResponseWriter, r *http.Request) error {
	v := QueueView{Page: d.shown(w, r)}
	var f application.QueueFilter
	switch v.Show = r.URL.Query().Get("show"); v.Show {
	case showMine:
		f = application.QueueFilter{Mine: true, States: []application.State{application.CallDue, application.Retake}}
	case showRetake:
		f.States = []application.State{application.Retake}
	case showDone:
		f = application.QueueFilter{Mine: true, States: []application.State{application.Approved, application.Refused}}
	default:
		v.Show, f.States = showWaiting, []application.State{application.Submitted, application.CallDue}
	}
	f.Limit = d.QueueRows + 1
	if text := r.URL.Query().Get("after"); text != "" {
		var err error
		if f.After, err = id.Parse(application.Prefix, text); err != nil {
			return badCursor(err)
		}
	}
	rows, err := d.Applications.Queue(r.Context(), of(r).actor, f)
	if errors.Is(err, application.ErrMissing) {
		return badCursor(err)
	}
	if err != nil {
		return err
	}
	rows, more := cut(rows, d.QueueRows)
	if more {
		v.Next = rows[len(rows)-1].ID.Text(application.Prefix)
	}
	for _, row := range rows {
		v.Rows = append(v.Rows, lineOf(v.Page, row))
	}
	return d.render(w, r, http.StatusOK, QueuePage(v))
}

// applicationKey reads which application a page is about.
func applicationKey(r *http.Request) (id.ID, error) {
	key, err := id.Parse(application.Prefix, r.PathValue("id"))
	if err != nil {
		return key, application.ErrMissing
	}
	return key, nil
}

func (d *Door) getApplication(w http.ResponseWriter, r *http.Request) error {
	return d.showApplication(w, r, http.StatusOK, nil)
}

// showApplication builds the page. Until a look has opened it, it is the masked
// line of the queue and no more is read.
func (d *Door) showApplication(w http.ResponseWriter, r *http.Request, status int, refused error) error {
	ctx, c := r.Context(), of(r)
	key, err := applicationKey(r)
	if err != nil {
		return err
	}
	row, err := d.Applications.Line(ctx, c.actor, key.Text(application.Prefix))
	if err != nil {
		return err
	}
	v := ApplicationView{Page: d.shown(w, r), Typed: c.form}
	v.Line, v.Zone = lineOf(v.Page, row), row.LocalTime.Location()
	if refused != nil {
		v.Errors = ui.Explain(v.P, refused)
	}
	look := r.URL.Query().Get("look")
	if look == "" {
		look = c.form.Get("look")
	}
	if look != "" {
		if err := d.openApplication(ctx, c.actor, &v, key, look); err != nil {
			return err
		}
	}
	if page, ok := application.ParsePage(r.URL.Query().Get("page")); ok {
		v.At = page
	}
	v.pick()
	return d.render(w, r, status, ApplicationPage(v))
}

// openApplication reads what a look opens. A look that is over leaves the page
// masked: the reason is asked for again.
func (d *Door) openApplication(ctx context.Context, by staff.Actor, v *ApplicationView, key id.ID, text string) error {
	target, err := d.looking(ctx, by, key, text)
	switch {
	case errors.Is(err, staff.ErrNoCase) && v.decided():
		return nil // the case ended with the decision, which the page tells
	case errors.Is(err, staff.ErrLookTooOld), errors.Is(err, staff.ErrNoCase):
		v.Errors = append(v.Errors, ui.Explain(v.P, err)...)
		return nil
	case err != nil:
		return err
	}
	dossier, err := d.Applications.Read(ctx, by, key, "look "+text)
	if errors.Is(err, application.ErrNotYours) {
		return nil // given back or decided meanwhile
	}
	if err != nil {
		return err
	}
	v.Look, v.D = text, &dossier
	if dossier.ClientID == 0 || target.Client != 0 {
		return nil
	}
	// A client of the old way: he shall see who looked at his questionnaire.
	return d.DB.Write(ctx, func(tx db.Tx) error {
		own, err := d.Staff.CaseOn(ctx, tx, target.Subject)
		if err != nil {
			return err
		}
		if _, err := d.Staff.BecomesTx(ctx, tx, own.ID, dossier.ClientID); err != nil {
			return err
		}
		return d.Staff.LooksBecomeTx(ctx, tx, target.Subject, dossier.ClientID)
	})
}

// looking tells whether a look still opens an application to the actor.
func (d *Door) looking(ctx context.Context, by staff.Actor, key id.ID, text string) (staff.Target, error) {
	target := staff.Target{Subject: key.Text(application.Prefix)}
	look, err := id.Parse(staff.LookPrefix, text)
	if err != nil {
		return target, staff.ErrLookTooOld
	}
	own, err := d.Staff.CaseOn(ctx, d.DB, target.Subject)
	if errors.Is(err, staff.ErrMissing) {
		return target, staff.ErrNoCase
	}
	if err != nil {
		return target, err
	}
	target.Client = own.Client
	_, err = d.Staff.Looking(ctx, by, look, target)
	return target, err
}

// getScan gives a page of the passport with the reader's name and the time
// drawn into it. Each picture seen is a line of the trail.
func (d *Door) getScan(w http.ResponseWriter, r *http.Request) error {
	ctx, c := r.Context(), of(r)
	key, err := applicationKey(r)
	if err != nil {
		return err
	}
	which, err := id.Parse(scan.Prefix, r.PathValue("scan"))
	if err != nil {
		return scan.ErrMissing
	}
	if _, err := d.looking(ctx, c.actor, key, r.URL.Query().Get("look")); err != nil {
		return err
	}
	read := d.Applications.ScanPicture
	if r.URL.Query().Get("small") != "" {
		read = d.Applications.ScanThumb
	}
	picture, err := read(ctx, c.actor, key, which)
	if err != nil {
		return err
	}
	return jpeg(w, r, which, picture)
}

// jpeg answers with a picture, as a file and never as a page of ours (W10).
func jpeg(w http.ResponseWriter, r *http.Request, which id.ID, picture []byte) error {
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Length", strconv.Itoa(len(picture)))
	h.Set("Content-Disposition", `attachment; filename="`+which.Text(scan.Prefix)+`.jpg"`)
	if r.Method != http.MethodHead {
		_, _ = w.Write(picture) // a reader who has gone is told nothing
	}
	return nil
}

// lineOf words a row of the queue. The promise is told in the bank's own time,
// the hour in the client's.
func lineOf(p Page, row application.QueueRow) QueueLine {
	l := QueueLine{
		ID: row.ID.Text(application.Prefix), State: row.State.Name(), Masked: row.Masked, Region: row.Region,
		Local: row.LocalTime.Format("15:04"), Callable: row.Callable, Late: row.Late, NoAnswers: row.NoAnswers,
		TakenBy: row.TakenBy, Mine: row.Mine, Courier: row.Delivery == application.Courier, Old: row.Client,
	}
	if l.Masked == "" { // refused or withdrawn: the name went with the form
		l.Masked = p.P.T("console.application.nameless")
	}
	zone := row.LocalTime.Location()
	if !row.Callable && !row.CallFrom.IsZero() {
		l.CallFrom = p.P.DayIn(row.CallFrom, p.Now, zone) + ", " + p.P.ClockIn(row.CallFrom, zone)
	}
	if row.Promised.Year() > 1 {
		l.Promised = momentOf(p, row.Promised)
	}
	if row.Submitted.Year() > 1 {
		l.Submitted = momentOf(p, row.Submitted)
	}
	return l
}

// back leads to the application, with the look that has opened it.
func back(w http.ResponseWriter, r *http.Request) error {
	to := "/applications/" + r.PathValue("id")
	if look := of(r).form.Get("look"); look != "" {
		if _, err := id.Parse(staff.LookPrefix, look); err == nil {
			to += "?look=" + look
		}
	}
	return seeOther(w, r, to)
}

// refusedApplication shows a refusal on the page it came from.
func (d *Door) refusedApplication(w http.ResponseWriter, r *http.Request, err error) error {
	if !web.OnForm(err) && !errors.Is(err, application.ErrNotYours) {
		return err
	}
	return d.showApplication(w, r, statusOf(err), err)
}

func statusOf(err error) int {
	switch fault.CodeOf(err) {
	case fault.Conflict:
		return http.StatusConflict
	case fault.Forbidden:
		return http.StatusForbidden
	}
	return http.StatusUnprocessableEntity
}

// ticked lists the checks of a form.
func ticked(has func(string) bool) (out []application.Check) {
	for _, c := range application.Checks() {
		if has("check_" + string(c)) {
			out = append(out, c)
		}
	}
	return out
}

// askedPages reads which pages are to be taken again and why.
func askedPages(get func(string) string) (out []application.Retaken) {
	for _, p := range application.Pages() {
		why := get("why_" + p.Name())
		if why == "" {
			continue
		}
		out = append(out, application.Retaken{Page: p, Why: why, Note: get("note")})
	}
	return out
}

// againAt reads when somebody wants to be called back, by his own clock.
func againAt(day, hour string, zone *time.Location) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", day+" "+hour, zone)
	if err != nil {
		return time.Time{}
	}
	return t
}

// ticked tells whether a check stands in what was typed last.
func (v ApplicationView) ticked(c application.Check) bool {
	return slices.Contains(ticked(v.Typed.Has), c)
}
