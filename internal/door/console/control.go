package console

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/staff"
	"rocketbank/internal/bank/watch"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/sbom"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// AuditView is a page of the audit trail. A client stands there by his number
// alone: who reads the trail sees no client data.
type AuditView struct {
	Page
	Lines              []AuditLine
	Actor, Act, Client string
	Older              string // address of the next page; empty: this was the last
}

// AuditLine is a line of the trail.
type AuditLine struct {
	Seq                                 int64
	At, Actor, Client, Act, On, Details string
}

const auditPage = 50

func (d *Door) getAudit(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	v := AuditView{Page: d.shown(w, r), Actor: q.Get("actor"), Act: q.Get("act"), Client: q.Get("client")}
	f := audit.Filter{Actor: strings.TrimSpace(v.Actor), Act: strings.TrimSpace(v.Act), Limit: auditPage}
	f.Before, _ = strconv.ParseInt(q.Get("before"), 10, 64)
	if v.Client != "" {
		n, err := strconv.ParseInt(strings.TrimSpace(v.Client), 10, 64)
		if err != nil || n < 1 {
			n = -1 // nobody
		}
		f.Client = n
	}
	lines, err := audit.List(r.Context(), d.DB, f)
	if err != nil {
		return err
	}
	for _, l := range lines {
		line := AuditLine{Seq: l.Seq, At: stampOf(l.At), Actor: l.Actor, Act: l.Act, On: l.Subject}
		if l.Client != 0 {
			line.Client = strconv.FormatInt(l.Client, 10)
		}
		if printable(l.Entry.Details) {
			line.Details = string(l.Entry.Details)
		}
		v.Lines = append(v.Lines, line)
	}
	if len(lines) == auditPage {
		q.Set("before", strconv.FormatInt(lines[len(lines)-1].Seq, 10))
		v.Older = "/audit?" + q.Encode()
	}
	return d.render(w, r, http.StatusOK, AuditPage(v))
}

// printable tells words of ours from sealed bytes.
func printable(b []byte) bool {
	return len(b) < 300 && !bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd })
}

// WatchView is the security officer's page.
type WatchView struct {
	Page
	Alerts []AlertLine
	Rows   []CountRow
	Report watch.Report
	Day    string // when the report was written
	Decoys int
	Broken string // why the report could not be read
}

// AlertLine is an alert in a list.
type AlertLine struct {
	ID, Kind, Subject, At, SeenBy string
	Grade                         watch.Grade
	N                             int
	Seen                          bool
}

// CountRow is how often something happened: this hour, today, this week.
type CountRow struct {
	Kind            string
	Hour, Day, Week int
}

func (d *Door) getWatch(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	v := WatchView{Page: d.shown(w, r)}
	alerts, err := d.Watch.Alerts(ctx, 50)
	if err != nil {
		return err
	}
	for _, a := range alerts {
		v.Alerts = append(v.Alerts, AlertLine{
			ID: a.Text(), Kind: alertWord(v.Page, a.Kind), Subject: a.Subject, At: stampOf(a.At), SeenBy: a.SeenBy, Grade: a.Grade, N: a.N, Seen: !a.Seen.IsZero(),
		})
	}
	counts, err := d.Watch.Counts(ctx, 7*24)
	if err != nil {
		return err
	}
	now := d.Watch.Now()
	for _, kind := range watch.Kinds() {
		row := CountRow{Kind: alertWord(v.Page, kind)}
		for _, c := range counts {
			if c.Kind != kind {
				continue
			}
			row.Week += c.N
			if now.Sub(c.Hour) < 24*time.Hour {
				row.Day += c.N
			}
			if now.Sub(c.Hour) < time.Hour {
				row.Hour += c.N
			}
		}
		v.Rows = append(v.Rows, row)
	}
	if v.Decoys, err = d.Watch.Decoys(ctx); err != nil {
		return err
	}
	if v.Report, err = watch.ReadReport(d.AuditReport); err != nil {
		d.Log.WarnContext(ctx, "the report of make audit", "err", err)
		v.Broken = v.P.T("console.watch.report_broken")
	}
	v.Day = stampOf(v.Report.At)
	return d.render(w, r, http.StatusOK, WatchPage(v))
}

func alertWord(p Page, kind string) string {
	if key := "console.alert." + kind; p.P.Has(key) {
		return p.P.T(key)
	}
	return kind
}

func (d *Door) postAlertSeen(w http.ResponseWriter, r *http.Request) error {
	key, err := id.Parse(watch.AlertPrefix, r.PathValue("id"))
	if err != nil {
		return watch.ErrMissing
	}
	if err := d.Watch.Seen(r.Context(), of(r).actor.Ref(), key); err != nil && !errors.Is(err, watch.ErrMissing) {
		return err
	}
	return seeOther(w, r, "/watch")
}

// postDecoy makes a client bait, found by an exact phone or identifier. The
// answer is the same whether there is such a client: this page shows nobody.
func (d *Door) postDecoy(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	who, _, _, err := d.find(r.Context(), strings.TrimSpace(c.form.Get("who")))
	switch {
	case err == nil:
		if err := d.Watch.SetDecoy(r.Context(), c.actor.Ref(), who, c.form.Get("act") != "drop"); err != nil {
			return err
		}
	case !web.OnForm(err) && !errors.Is(err, client.ErrNobody):
		return err
	}
	leaveNotice(w, "decoy")
	return seeOther(w, r, "/watch")
}

// getSBOM gives the bill of materials of the running program.
func (d *Door) getSBOM(w http.ResponseWriter, _ *http.Request) error {
	var b bytes.Buffer
	if err := sbom.WriteOwn(&b); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/vnd.cyclonedx+json")
	w.Header().Set("Content-Disposition", `attachment; filename="rocketbank.cdx.json"`)
	_, _ = w.Write(b.Bytes()) // the reader has gone; nothing to tell him
	return nil
}

// StaffView is the admin's page.
type StaffView struct {
	Page
	Members []MemberLine
	Link    string // a one-time link, shown once
	For     string
	Name    string
	Chosen  staff.Roles
}

// MemberLine is a member in a list.
type MemberLine struct {
	ID, Name, Since string
	Roles           staff.Roles
	Active, Me      bool
	Passkeys        int
}

func (d *Door) getStaff(w http.ResponseWriter, r *http.Request) error {
	return d.showStaff(w, r, http.StatusOK, nil, nil)
}

func (d *Door) showStaff(w http.ResponseWriter, r *http.Request, status int, refused error, change func(*StaffView)) error {
	v := StaffView{Page: d.shown(w, r)}
	members, err := d.Staff.Members(r.Context())
	if err != nil {
		return err
	}
	for _, m := range members {
		v.Members = append(v.Members, MemberLine{
			ID: m.Text(), Name: m.Name.Whole(), Since: stampOf(m.Created), Roles: m.Roles,
			Active: m.State == staff.Active, Me: m.ID == v.Actor.ID(), Passkeys: m.Passkeys,
		})
	}
	if refused != nil {
		v.Errors = ui.Explain(v.P, refused)
	}
	if change != nil {
		change(&v)
	}
	return d.render(w, r, status, StaffPage(v))
}

func rolesOf(words []string) staff.Roles {
	roles, err := staff.ParseRoles(strings.Join(words, ","))
	if err != nil && !errors.Is(err, staff.ErrAdminAlone) {
		return 0 // the room says what is wrong
	}
	return roles
}

func (d *Door) postStaff(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	n := staff.NewMember{Name: c.form.Get("name"), Roles: rolesOf(c.form.All("roles"))}
	added, err := d.Staff.Add(r.Context(), c.actor, n)
	if err != nil && web.OnForm(err) {
		return d.showStaff(w, r, http.StatusUnprocessableEntity, err, func(v *StaffView) { v.Name, v.Chosen = n.Name, n.Roles })
	}
	if err != nil {
		return err
	}
	return d.showStaff(w, r, http.StatusOK, nil, func(v *StaffView) { v.Link, v.For = added.Link.Reveal(), added.Member.Name.Whole() })
}

func (d *Door) postMember(w http.ResponseWriter, r *http.Request) error {
	ctx, c := r.Context(), of(r)
	who, err := id.Parse(staff.MemberPrefix, r.PathValue("id"))
	if err != nil {
		return staff.ErrMissing
	}
	var added staff.Added
	switch c.form.Get("act") {
	case "roles":
		err = d.Staff.SetRoles(ctx, c.actor, who, rolesOf(c.form.All("roles")))
	case "disable":
		err = d.Staff.Disable(ctx, c.actor, who)
	case "enable":
		err = d.Staff.Enable(ctx, c.actor, who)
	case "link":
		added, err = d.Staff.Relink(ctx, c.actor, who)
	default:
		return staff.ErrMissing
	}
	switch {
	case err != nil && web.OnForm(err):
		return d.showStaff(w, r, http.StatusUnprocessableEntity, err, nil)
	case err != nil:
		return err
	case !added.Link.Empty():
		return d.showStaff(w, r, http.StatusOK, nil, func(v *StaffView) { v.Link, v.For = added.Link.Reveal(), added.Member.Name.Whole() })
	}
	leaveNotice(w, "member")
	return seeOther(w, r, "/staff")
}

// MeView is a member's own way in.
type MeView struct {
	Page
	Way      staff.Way
	Started  string
	Ends     string
	Passkeys []PasskeyLine
}

// PasskeyLine is a passkey in a list.
type PasskeyLine struct{ Ref, Code, Created, Used string }

func (d *Door) getMe(w http.ResponseWriter, r *http.Request) error {
	in := of(r).session
	keys, err := d.Staff.Passkeys(r.Context(), in.Member.ID)
	if err != nil {
		return err
	}
	v := MeView{Page: d.shown(w, r), Way: in.Way, Started: stampOf(in.Started), Ends: stampOf(in.Ends)}
	for _, k := range keys {
		ref := base64.RawURLEncoding.EncodeToString(k.ID)
		v.Passkeys = append(v.Passkeys, PasskeyLine{Ref: ref, Code: ref[:min(8, len(ref))], Created: stampOf(k.Created), Used: stampOf(k.Used)})
	}
	return d.render(w, r, http.StatusOK, MePage(v))
}

func (d *Door) postMyPasskeyBegin(w http.ResponseWriter, r *http.Request) error {
	g, err := d.Staff.BeginAddPasskey(r.Context(), of(r).session)
	return d.tell(w, r, asked{g.Options, g.Ref}, err)
}

func (d *Door) postMyPasskeyFinish(w http.ResponseWriter, r *http.Request) error {
	form := of(r).form
	err := d.Staff.FinishAddPasskey(r.Context(), of(r).session, form.Get("ref"), []byte(form.Get("response")))
	return d.tell(w, r, answered{To: "/me"}, err)
}

func (d *Door) postMyPasskeyRemove(w http.ResponseWriter, r *http.Request) error {
	key, err := base64.RawURLEncoding.DecodeString(of(r).form.Get("key"))
	if err != nil {
		return staff.ErrMissing
	}
	if err := d.Staff.RemovePasskey(r.Context(), of(r).session, key); err != nil {
		return err
	}
	leaveNotice(w, "passkey_removed")
	return seeOther(w, r, "/me")
}
