package cabinet

import (
	"errors"
	"net/http"
	"slices"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/web"
)

const passkeysPath = "/profile/passkeys"

func (d *Door) getPasskeys(w http.ResponseWriter, r *http.Request) error {
	return d.renderPasskeys(w, r, http.StatusOK, PasskeysView{Ask: r.URL.Query().Get("remove"), Rename: r.URL.Query().Get("rename"), Offer: r.URL.Query().Get("offer") != ""})
}

func (d *Door) renderPasskeys(w http.ResponseWriter, r *http.Request, status int, v PasskeysView) error {
	all, err := d.Access.Passkeys(r.Context(), of(r).session.Client)
	if err != nil {
		return err
	}
	problems := v.Errors
	v.Page = d.shown(w, r)
	v.Errors = problems
	for _, k := range all {
		v.Passkeys = append(v.Passkeys, Passkey{ID: k.ID.Text(access.PasskeyPrefix), Name: k.Name, Created: k.Created, Used: k.Used, Synced: k.Synced})
	}
	for _, which := range []string{v.Ask, v.Rename} {
		if which != "" && !slices.ContainsFunc(v.Passkeys, func(k Passkey) bool { return k.ID == which }) {
			return access.ErrMissing
		}
	}
	return d.render(w, r, status, PasskeysPage(v))
}

// postPasskeysBegin takes the proof and gives the script what it needs to make
// a passkey.
func (d *Door) postPasskeysBegin(w http.ResponseWriter, r *http.Request) error {
	proof, err := d.stepUp(w, r, of(r).form.Get("passcode"))
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	options, ref, err := d.Access.BeginPasskey(r.Context(), proof)
	if err != nil {
		return d.scriptRefusal(w, r, err)
	}
	return ceremony(w, options, ref)
}

// postPasskeys renames a passkey at once; to add or remove one is an order that
// the next page has confirmed.
func (d *Door) postPasskeys(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	f := c.form
	if faults := f.Faults(); len(faults) > 0 {
		return faults[0]
	}
	v := PasskeysView{Name: f.Get("name")}
	var err error
	var offer access.Offer
	switch {
	case f.Get("remove") != "":
		v.Ask = f.Get("remove")
		offer, err = d.offerRemoval(w, r, v.Ask)
	case f.Get("rename") != "":
		v.Rename = f.Get("rename")
		var which id.ID
		if which, err = id.Parse(access.PasskeyPrefix, v.Rename); err != nil {
			return access.ErrMissing
		}
		err = at(d.Access.RenamePasskey(r.Context(), c.session.Client, which, v.Name), "name")
	default:
		var proof access.Proof
		if proof, err = d.stepUp(w, r, f.Get("passcode")); err == nil {
			offer, err = d.Access.OfferPasskey(r.Context(), c.session, proof, f.Get("ref"), v.Name, []byte(f.Get("passkey")))
		} else {
			err = at(err, "passcode")
		}
	}
	switch {
	case err == nil && offer.Token != "":
		return d.renderChange(w, r, http.StatusOK, offer, false, nil)
	case err == nil:
		leaveNotice(w, noticePasskeyNamed)
		return seeOther(w, r, passkeysPath)
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case fault.CodeOf(err) == fault.Unauthenticated:
		return d.loginFor(w, r, passkeysPath, false, err)
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	v.Errors = problems
	return d.renderPasskeys(w, r, web.Status(err), v)
}

func (d *Door) offerRemoval(w http.ResponseWriter, r *http.Request, which string) (access.Offer, error) {
	key, err := id.Parse(access.PasskeyPrefix, which)
	if err != nil {
		return access.Offer{}, access.ErrMissing
	}
	proof, err := d.freshProof(w, r)
	if err != nil {
		return access.Offer{}, err
	}
	return d.Access.OfferRemoval(r.Context(), of(r).session, proof, key)
}
