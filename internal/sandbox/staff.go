package sandbox

import "net/http"

// StaffLink is a one-time link into the bank's console in one role.
type StaffLink struct {
	Role string `json:"role"`
	Name string `json:"name"`
	URL  string `json:"url"`
}

// StaffLinks makes a fresh one-time link for a role. The bank hands the sandbox
// this function in a demo; a stranger has no such thing.
type StaffLinks func(role string) (StaffLink, error)

// staffRoles are the console's roles, as its documentation names them.
func staffRoles() []string {
	return []string{"manager", "support", "card_officer", "compliance", "auditor", "security", "admin"}
}

// staffLinks makes one link for each role; each works once.
func (d *door) staffLinks() ([]StaffLink, error) {
	var out []StaffLink
	for _, role := range staffRoles() {
		l, err := d.cfg.Staff(role)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// getStaff lists the staff of the demo for people. The links are made when
// somebody presses a button, so that a look at the page makes none.
func (d *door) getStaff(w http.ResponseWriter, r *http.Request) error {
	letReturn(w, d.cfg.Console) // the form ends there
	return d.show(w, r, http.StatusOK, "staff.html", "sandbox.staff.title", staffRoles())
}

// postStaff makes a link for one role and follows it.
func (d *door) postStaff(w http.ResponseWriter, r *http.Request) error {
	for _, role := range staffRoles() {
		if role == r.PostFormValue("role") {
			l, err := d.cfg.Staff(role)
			if err != nil {
				return err
			}
			return seeOther(w, r, l.URL)
		}
	}
	return refuse(http.StatusUnprocessableEntity, "bad_role", "role")
}

// getStaffJSON gives programs a fresh link for every role.
func (d *door) getStaffJSON(w http.ResponseWriter, _ *http.Request) error {
	links, err := d.staffLinks()
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, links)
}
