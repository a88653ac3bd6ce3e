package cabinet

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/web"
)

const tokenPrefix = "tk"

func (d *Door) getTokens(w http.ResponseWriter, r *http.Request) error {
	return d.renderTokens(w, r, http.StatusOK, TokensView{Form: r.URL.Query().Get("new") != "", Days: tokenDays()[0]})
}

// tokenDays are the lives a token may be given.
func tokenDays() []int { return []int{30, 90, 365} }

// renderTokens completes a view with the page and the client's tokens.
func (d *Door) renderTokens(w http.ResponseWriter, r *http.Request, status int, v TokensView) error {
	list, err := d.Access.Tokens(r.Context(), of(r).session.Client)
	if err != nil {
		return err
	}
	problems := v.Errors
	v.Page, v.AskPasscode, v.FormKey = d.shown(w, r), true, d.IDs.New().Text(keyPrefix)
	v.Errors = problems
	for _, t := range list {
		out := Token{
			Keyed: len(t.PublicKey) > 0, PerOrder: t.OrderCap, PerDay: t.DayCap,
			ID: t.ID.Text(tokenPrefix), Name: t.Name, Hint: t.Hint, Created: t.Created, Expires: t.Expires, Last: t.Last,
			Expired: !d.Now().Before(t.Expires),
		}
		for _, s := range t.Scopes {
			out.Scopes = append(out.Scopes, string(s))
		}
		v.Tokens = append(v.Tokens, out)
	}
	if v.Hooks, err = d.hooks(r, list); err != nil {
		return err
	}
	return d.render(w, r, status, TokensPage(v))
}

// postTokens makes a token, whose secret is in this answer and never again, or
// revokes one.
func (d *Door) postTokens(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	if which := c.form.Get("revoke"); which != "" {
		t, err := id.Parse(tokenPrefix, which)
		if err != nil {
			return access.ErrMissing.Because(err)
		}
		if err := d.Access.RevokeToken(r.Context(), c.session.Client, t); err != nil {
			return err
		}
		leaveNotice(w, noticeRevoked)
		return seeOther(w, r, "/profile/tokens")
	}
	v := TokensView{
		Form: true, Name: c.form.Get("name"), Scopes: c.form.All("scope"),
		Key: cut(c.form.Get("public_key"), 2000), PerOrder: cut(c.form.Get("per_order"), keptShort), PerDay: cut(c.form.Get("per_day"), keptShort),
	}
	v.Days, _ = strconv.Atoi(c.form.Get("days")) // what is no number is none of the choices
	secret, n, err := d.makeToken(w, r, v)
	switch {
	case err == nil && secret == "":
		return d.offerToken(w, r, v, n)
	case err == nil:
		return d.renderTokens(w, r, http.StatusCreated, TokensView{Fresh: secret, Days: tokenDays()[0]})
	case errors.Is(err, access.ErrPaused):
		t, _ := until(err)
		return d.renderLocked(w, r, t)
	case fault.CodeOf(err) == fault.Unauthenticated:
		return d.loginFor(w, r, "/profile/tokens?new=1", false, err)
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, err)
	if broken != nil {
		return broken
	}
	v.Errors = problems
	return d.renderTokens(w, r, web.Status(err), v)
}

// makeToken checks the form before it spends a try of the passcode. Of a token
// that may send money it gives no secret yet: that one takes a signed order.
func (d *Door) makeToken(w http.ResponseWriter, r *http.Request, v TokensView) (secret string, n access.NewToken, err error) {
	c := of(r)
	if err := errors.Join(c.form.Faults("scope")...); err != nil {
		return "", n, err
	}
	if !slices.Contains(tokenDays(), v.Days) {
		return "", n, access.ErrTokenExpiry.At("days")
	}
	n = access.NewToken{Name: v.Name, TTL: time.Duration(v.Days) * 24 * time.Hour}
	for _, s := range v.Scopes {
		if s := access.Scope(s); s != access.ScopeRead && s != access.ScopeTransfer {
			return "", n, access.ErrTokenScope.At("scope")
		} else if !slices.Contains(n.Scopes, s) {
			n.Scopes = append(n.Scopes, s)
		}
	}
	if len(n.Scopes) == 0 {
		return "", n, access.ErrTokenScope.At("scope")
	}
	if v.Name == "" {
		return "", n, access.ErrTokenName.At("name")
	}
	if slices.Contains(n.Scopes, access.ScopeTransfer) {
		return "", n, nil
	}
	proof, err := d.stepUp(w, r, c.form.Get("passcode"))
	if err != nil {
		return "", n, at(err, "passcode")
	}
	secret, err = d.tokens.do(c.session.ID.Text("ss")+d.keyOf(c.form.Get("key")).Text(keyPrefix), d.Now(), func() (string, error) {
		_, hidden, err := d.Access.CreateToken(r.Context(), proof, n)
		return hidden.Reveal(), err
	})
	switch {
	case errors.Is(err, access.ErrTokenName):
		err = at(err, "name")
	case errors.Is(err, access.ErrTokenScope):
		err = at(err, "scope")
	case errors.Is(err, access.ErrTokenExpiry):
		err = at(err, "days")
	}
	return secret, n, err
}
