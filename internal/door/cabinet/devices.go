package cabinet

import (
	"net/http"

	"rocketbank/internal/bank/access"
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
		})
	}
	return d.render(w, r, http.StatusOK, DevicesPage(v))
}

// postDevices ends the sessions of one device, or all but this one.
func (d *Door) postDevices(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	if faults := c.form.Faults(); len(faults) > 0 {
		return faults[0]
	}
	defer d.Live.Kick(c.session.Client) // streams look whether they still may
	if c.form.Get("all") != "" {
		if _, err := d.Access.EndOthers(r.Context(), c.session); err != nil {
			return err
		}
		leaveNotice(w, noticeEndedAll)
		return seeOther(w, r, "/profile/devices")
	}
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

// loginFor sends somebody whose session ended within a request to log in again.
func (d *Door) loginFor(w http.ResponseWriter, r *http.Request, next string, kept bool, why error) error {
	d.toLogin(w, r, route{keep: func(*http.Request) (string, bool) { return next, kept }}, why)
	return nil
}
