package cabinet

import (
	"encoding/json"
	"net/http"
	"slices"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/web"
)

const devicePrefix = "dv"

func (d *Door) getDevices(w http.ResponseWriter, r *http.Request) error {
	list, err := d.Access.Devices(r.Context(), of(r).session.Client, of(r).session)
	if err != nil {
		return err
	}
	v := DevicesView{Page: d.shown(w, r)}
	for _, x := range list {
		v.Devices = append(v.Devices, Device{
			ID: x.ID.Text(devicePrefix), Name: x.Name, Since: x.Since, Last: x.Last, Current: x.Current, Live: len(x.Sessions) > 0,
			Code: x.Code, Keyed: x.Kind == access.Keyed, Reduced: x.Reduced,
		})
	}
	if err := d.logins(r, &v); err != nil {
		return err
	}
	if which := r.URL.Query().Get("forget"); which != "" {
		i := slices.IndexFunc(v.Devices, func(x Device) bool { return x.ID == which })
		if i < 0 {
			return access.ErrMissing
		}
		return d.render(w, r, http.StatusOK, ForgetPage(ForgetView{Page: v.Page, Device: v.Devices[i]}))
	}
	return d.render(w, r, http.StatusOK, DevicesPage(v))
}

// shownLogins is how many logins the page of devices tells of.
const shownLogins = 20

// logins tells of the last logins: each is a statement that the device's key
// or a passkey has signed.
func (d *Door) logins(r *http.Request, v *DevicesView) error {
	all, err := d.Access.Statements(r.Context(), of(r).session.Client, shownLogins)
	if err != nil {
		return err
	}
	means := map[access.Means]string{access.ByCookie: "cookie", access.ByKey: "key", access.ByNewKey: "new_key", access.ByPasskey: "passkey"}
	for _, s := range all {
		l := Login{ID: s.ID.Text(access.StatementPrefix), Name: s.Name, Place: s.Place, Means: means[s.Means], At: s.At}
		if i := slices.IndexFunc(v.Devices, func(x Device) bool { return x.ID == s.Device.Text(devicePrefix) }); i >= 0 {
			l.Code = v.Devices[i].Code
		}
		v.Logins = append(v.Logins, l)
	}
	return nil
}

// getStatement gives the evidence of a login: the statement and its signature, as a file of its own.
func (d *Door) getStatement(w http.ResponseWriter, r *http.Request) error {
	which, err := pathID(r, access.StatementPrefix)
	if err != nil {
		return err
	}
	e, err := d.Access.EvidenceOf(r.Context(), of(r).session.Client, which)
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	return download(w, "application/json", "login-"+r.PathValue("id")+".json", append(raw, '\n'))
}

// postDevices ends the sessions of one device or of all but this one, or
// forgets a device.
func (d *Door) postDevices(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	if faults := c.form.Faults(); len(faults) > 0 {
		return faults[0]
	}
	defer d.Live.Kick(c.session.Client) // streams look whether they still may
	switch {
	case c.form.Get("all") != "":
		return d.endOthers(w, r)
	case c.form.Get("forget") != "":
		return d.forget(w, r)
	}
	return d.endOn(w, r)
}

func (d *Door) endOthers(w http.ResponseWriter, r *http.Request) error {
	if _, err := d.Access.EndOthers(r.Context(), of(r).session); err != nil {
		return err
	}
	leaveNotice(w, noticeEndedAll)
	return seeOther(w, r, "/profile/devices")
}

// endOn ends the sessions of one device. It stays known: its next login asks
// for the passcode alone.
func (d *Door) endOn(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	list, err := d.Access.Devices(r.Context(), c.session.Client, c.session)
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.ID.Text(devicePrefix) != c.form.Get("end") {
			continue
		}
		for _, s := range x.Sessions {
			if err := d.Access.EndSession(r.Context(), c.session.Client, s.ID); err != nil {
				return err
			}
		}
		leaveNotice(w, noticeEnded)
		return seeOther(w, r, "/profile/devices")
	}
	return access.ErrMissing
}

// forget makes one of the client's devices a strange one: it no longer shows
// his name, takes no passcode without the phone's code, and its sessions are
// over. Whoever forgets the device in his hands is logged out, and his browser
// is told to keep nothing of ours; a mere logout never clears the storage (W07).
func (d *Door) forget(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	which, err := id.Parse(devicePrefix, c.form.Get("forget"))
	if err != nil {
		return access.ErrMissing
	}
	if err := d.Access.ForgetDevice(r.Context(), c.session.Client, which); err != nil {
		return err
	}
	leaveNotice(w, noticeForgotten)
	if which != c.session.Device {
		return seeOther(w, r, "/profile/devices")
	}
	for _, name := range []string{sessionCookie, deviceCookie, flowCookie} {
		web.DropCookie(w, name)
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return seeOther(w, r, "/login")
}

// loginFor sends somebody whose session ended within a request to log in again.
func (d *Door) loginFor(w http.ResponseWriter, r *http.Request, next string, kept bool, why error) error {
	d.toLogin(w, r, route{keep: func(*http.Request) (string, bool) { return next, kept }}, why)
	return nil
}
