package cabinet

import (
	"errors"
	"net/http"
	"net/url"

	"rocketbank/internal/bank/friend"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// What the next page says once about friends.
const (
	noticeFriendAdded   notice = "friend_added"
	noticeFriendSaved   notice = "friend_saved"
	noticeFriendGone    notice = "friend_gone"
	noticeFriendsFound  notice = "friends_found"
	noticeFriendsHidden notice = "friends_hidden"
)

// friendRoutes is the contact book: «Друзья».
func (d *Door) friendRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: "/friends", who: insider, serve: d.getFriends},
		{method: get, path: "/friends/new", who: insider, serve: d.getNewFriend},
		{method: post, path: "/friends/new", who: insider, serve: d.postNewFriend},
		{method: post, path: "/friends/discovery", who: insider, serve: d.postDiscovery},
		{method: get, path: "/friends/{id}", who: insider, serve: d.withFriend(d.getFriend)},
		{method: post, path: "/friends/{id}", who: insider, serve: d.withFriend(d.postFriend)},
		{method: post, path: "/friends/{id}/pay", who: insider, serve: d.withFriend(d.postFriendPay)},
	}
}

// FriendsView is GET /friends: the whole book and the consent to be found.
//
// Form field (to POST /friends/discovery): findable (yes, no).
type FriendsView struct {
	ui.Page
	Friends  []FriendRow
	Findable bool
}

// FriendRow is somebody of the book in a list.
type FriendRow struct {
	Href      string
	Name      string
	Phone     string // E.164
	Favourite bool
	Here      bool // a client, and both agreed to know
}

// FriendForm is what one writes of a friend, as it was typed.
type FriendForm struct {
	Name, Phone string
	Favourite   bool
}

// NewFriendView is GET and POST /friends/new. Form fields: name, phone,
// favourite.
type NewFriendView struct {
	ui.Page
	Form FriendForm
}

// FriendView is GET and POST /friends/{id}. Form fields: do (save, remove) and,
// to save, name, phone, favourite.
type FriendView struct {
	ui.Page
	Friend FriendRow
	Form   FriendForm
}

func friendRow(f friend.Friend) FriendRow {
	return FriendRow{Href: "/friends/" + f.Text(), Name: f.Name, Phone: f.Phone.E164(), Favourite: f.Favourite, Here: f.Here}
}

// withFriend finds the client's own friend that a path names before anything of
// the form is looked at.
func (d *Door) withFriend(serve func(http.ResponseWriter, *http.Request, friend.Friend) error) serve {
	return func(w http.ResponseWriter, r *http.Request) error {
		which, err := pathID(r, friend.Prefix)
		if err != nil {
			return err
		}
		f, err := d.Friends.One(r.Context(), of(r).session.Client, which)
		if err != nil {
			return err
		}
		return serve(w, r, f)
	}
}

func (d *Door) getFriends(w http.ResponseWriter, r *http.Request) error {
	v := FriendsView{Page: d.shown(w, r)}
	all, err := d.friends(r)
	if err != nil {
		return err
	}
	v.Friends = all
	consent, err := d.Friends.Discovery(r.Context(), of(r).session.Client)
	if err != nil {
		return err
	}
	v.Findable = consent.Findable
	return d.render(w, r, http.StatusOK, FriendsPage(v))
}

func (d *Door) friends(r *http.Request) ([]FriendRow, error) {
	all, err := d.Friends.All(r.Context(), of(r).session.Client)
	if err != nil {
		return nil, err
	}
	out := make([]FriendRow, len(all))
	for i, f := range all {
		out[i] = friendRow(f)
	}
	return out, nil
}

func (d *Door) getNewFriend(w http.ResponseWriter, r *http.Request) error {
	return d.render(w, r, http.StatusOK, NewFriendPage(NewFriendView{Page: d.shown(w, r)}))
}

// friendOf reads the form; it is kept as typed when something of it is wrong.
func friendOf(f web.Form) (FriendForm, friend.Person, error) {
	typed := FriendForm{Name: cut(f.Get("name"), keptShort), Phone: cut(f.Get("phone"), keptShort), Favourite: f.Has("favourite")}
	number, err := phone.Parse(f.Get("phone"))
	if err != nil {
		err = at(err, "phone")
	}
	_, wrong := friend.CleanName(f.Get("name"))
	return typed, friend.Person{Name: f.Get("name"), Phone: number, Favourite: typed.Favourite}, errors.Join(append(f.Faults(), wrong, err)...)
}

func (d *Door) postNewFriend(w http.ResponseWriter, r *http.Request) error {
	typed, who, err := friendOf(of(r).form)
	if err == nil {
		_, err = d.Friends.Add(r.Context(), of(r).session.Client, who)
	}
	if err == nil {
		leaveNotice(w, noticeFriendAdded)
		return seeOther(w, r, "/friends")
	}
	if !web.OnForm(err) {
		return err
	}
	v := NewFriendView{Page: d.page(r), Form: typed}
	var broken error
	if v.Errors, broken = explain(v.P, err); broken != nil {
		return broken
	}
	return d.render(w, r, web.Status(err), NewFriendPage(v))
}

func (d *Door) getFriend(w http.ResponseWriter, r *http.Request, f friend.Friend) error {
	form := FriendForm{Name: f.Name, Phone: d.page(r).P.Phone(f.Phone.E164()), Favourite: f.Favourite}
	return d.render(w, r, http.StatusOK, FriendPage(FriendView{Page: d.shown(w, r), Friend: friendRow(f), Form: form}))
}

func (d *Door) postFriend(w http.ResponseWriter, r *http.Request, f friend.Friend) error {
	who := of(r).session.Client
	switch of(r).form.Get("do") {
	case "remove":
		if err := d.Friends.Remove(r.Context(), who, f.ID); err != nil {
			return err
		}
		leaveNotice(w, noticeFriendGone)
		return seeOther(w, r, "/friends")
	case "save":
	default:
		return web.ErrForm
	}
	typed, to, err := friendOf(of(r).form)
	if err == nil {
		_, err = d.Friends.Change(r.Context(), who, f.ID, friend.Change{Name: &to.Name, Phone: &to.Phone, Favourite: &to.Favourite})
	}
	if err == nil {
		leaveNotice(w, noticeFriendSaved)
		return seeOther(w, r, "/friends/"+f.Text())
	}
	if !web.OnForm(err) {
		return err
	}
	v := FriendView{Page: d.page(r), Friend: friendRow(f), Form: typed}
	var broken error
	if v.Errors, broken = explain(v.P, err); broken != nil {
		return broken
	}
	return d.render(w, r, web.Status(err), FriendPage(v))
}

// postDiscovery gives the consent to be found or takes it back.
func (d *Door) postDiscovery(w http.ResponseWriter, r *http.Request) error {
	f := of(r).form
	if faults := f.Faults(); len(faults) > 0 {
		return faults[0]
	}
	said := noticeFriendsHidden
	switch f.Get("findable") {
	case "yes":
		said = noticeFriendsFound
	case "no":
	default:
		return web.ErrForm
	}
	if _, err := d.Friends.SetDiscovery(r.Context(), of(r).session.Client, said == noticeFriendsFound); err != nil {
		return err
	}
	leaveNotice(w, said)
	return seeOther(w, r, "/friends")
}

// postFriendPay leads to the sum. It is a form and no link because a friend who
// did not agree to be found is looked up, which is counted.
func (d *Door) postFriendPay(w http.ResponseWriter, r *http.Request, f friend.Friend) error {
	_, to, err := d.Friends.Payee(r.Context(), of(r).session.Client, f.ID, web.VisitOf(r).IP)
	switch {
	case err == nil:
		return seeOther(w, r, "/transfer?"+url.Values{"to": {to.Token}}.Encode())
	case errors.Is(err, transfer.ErrNotAClient):
		return d.otherWays(w, r, f.Phone, draft{})
	case !web.OnForm(err):
		return err
	}
	problems, broken := explain(d.page(r).P, at(err, "phone"))
	if broken != nil {
		return broken
	}
	return d.renderRecipient(w, r, web.Status(err), d.page(r).P.Phone(f.Phone.E164()), draft{}, problems)
}

// shownFriends is how many friends the first step of a transfer shows.
const shownFriends = 8

// quickFriends are those whom the first step of a transfer offers, and how many
// there are; recent people among them are not shown twice.
func (d *Door) quickFriends(r *http.Request, recent []ui.Payee) (some []FriendRow, others []ui.Payee, all int, err error) {
	book, err := d.friends(r)
	if err != nil {
		return nil, nil, 0, err
	}
	some = book[:min(len(book), shownFriends)]
	there := map[string]bool{}
	for _, f := range some {
		there[f.Phone] = true
	}
	for _, p := range recent {
		if p.Phone == "" || !there[p.Phone] {
			others = append(others, p)
		}
	}
	return some, others, len(book), nil
}
