package api

import (
	"context"
	"net/http"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/friend"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
)

// Friends keeps contact books (friend.Service).
type Friends interface {
	All(ctx context.Context, who client.ID) ([]friend.Friend, error)
	One(ctx context.Context, who client.ID, key id.ID) (friend.Friend, error)
	Add(ctx context.Context, who client.ID, p friend.Person) (friend.Friend, error)
	Change(ctx context.Context, who client.ID, key id.ID, c friend.Change) (friend.Friend, error)
	Remove(ctx context.Context, who client.ID, key id.ID) error
	Payee(ctx context.Context, who client.ID, key id.ID, ip string) (friend.Friend, transfer.Payee, error)
	Discovery(ctx context.Context, who client.ID) (friend.Discovery, error)
	SetDiscovery(ctx context.Context, who client.ID, findable bool) (friend.Discovery, error)
}

// addFriends lists the operations on the contact book.
func (d *Door) addFriends(read func(id, path, tag string, problems ...int) Route, write func(id, path, tag string, status int, problems ...int) Route) {
	get(d, read("listFriends", "/friends", "friends", 422), d.friends)
	post(d, write("addFriend", "/friends", "friends", 201, 409), d.addFriend)
	get(d, read("getFriend", "/friends/{id}", "friends", 404, 422), d.friend)
	change := write("changeFriend", "/friends/{id}", "friends", 200, 409)
	change.Method = http.MethodPatch
	post(d, change, d.changeFriend)
	remove := write("removeFriend", "/friends/{id}", "friends", 204)
	remove.Method, remove.problems = http.MethodDelete, []int{404, 422}
	get(d, remove, d.removeFriend)
	bare(d, write("payFriend", "/friends/{id}/payee", "friends", 200), d.payFriend)
	get(d, read("getDiscovery", "/discovery", "friends", 422), d.discovery)
	agree := write("setDiscovery", "/discovery", "friends", 200)
	agree.Method, agree.problems = http.MethodPut, []int{400, 413, 415, 422}
	post(d, agree, d.setDiscovery)
}

// NewFriend is somebody to be written into the contact book.
type NewFriend struct {
	Name      string `json:"name" maxLength:"60" example:"Pavel from work"`
	Phone     string `json:"phone" example:"+7 916 555-01-23"`
	Favourite bool   `json:"favourite,omitempty"`
}

// FriendChange is what becomes other; what is absent stays.
type FriendChange struct {
	Name      *string `json:"name,omitempty" maxLength:"60" example:"Pavel from work"`
	Phone     *string `json:"phone,omitempty" example:"+7 916 555-01-23"`
	Favourite *bool   `json:"favourite,omitempty"`
}

// FriendList is the whole contact book, favourites first, then by name.
type FriendList struct {
	Friends []Friend `json:"friends" nullable:"false"`
}

// Friend is somebody in the contact book.
type Friend struct {
	ID        string    `json:"id" example:"fr_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Name      string    `json:"name" example:"Pavel from work"`
	Phone     string    `json:"phone" example:"+79165550123"`
	Favourite bool      `json:"favourite"`
	Here      bool      `json:"here"`
	Since     time.Time `json:"since"`
}

// Discovery is whether the caller may be found by his number, and finds others so.
type Discovery struct {
	Findable bool       `json:"findable"`
	Since    *time.Time `json:"since,omitempty"`
}

// DiscoveryChange gives the consent or takes it back.
type DiscoveryChange struct {
	Findable *bool `json:"findable" required:"true"`
}

func shownFriend(f friend.Friend) Friend {
	return Friend{ID: f.Text(), Name: f.Name, Phone: f.Phone.E164(), Favourite: f.Favourite, Here: f.Here, Since: f.Since.UTC()}
}

func shownDiscovery(c friend.Discovery) Discovery {
	out := Discovery{Findable: c.Findable}
	if !c.Since.IsZero() {
		since := c.Since.UTC()
		out.Since = &since
	}
	return out
}

func (d *Door) friends(ctx context.Context, c *call, _ *none) (*answer[FriendList], error) {
	all, err := d.d.Friends.All(ctx, c.token.Client)
	if err != nil {
		return nil, err
	}
	out := FriendList{Friends: []Friend{}}
	for _, f := range all {
		out.Friends = append(out.Friends, shownFriend(f))
	}
	return ok(out)
}

// befriended is the answer to a new friend.
type befriended struct {
	Location string `header:"Location"`
	Body     Friend
}

// addFriend needs no idempotency key: the same once more is the entry that is there.
func (d *Door) addFriend(ctx context.Context, c *call, _ *none, in *NewFriend) (*befriended, error) {
	var bad flaws
	var number phone.Number
	bad.need("name", in.Name)
	if bad.need("phone", in.Phone) {
		var err error
		number, err = phone.Parse(in.Phone)
		bad.add(at("phone", err))
	}
	if len(bad) > 0 {
		return nil, bad.err()
	}
	f, err := d.d.Friends.Add(ctx, c.token.Client, friend.Person{Name: in.Name, Phone: number, Favourite: in.Favourite})
	if err != nil {
		return nil, err
	}
	out := &befriended{Body: shownFriend(f)}
	out.Location = "/api/v1/friends/" + out.Body.ID
	return out, nil
}

// friendKey reads the identifier of a friend: what is none is nobody's.
func friendKey(text string) (id.ID, error) {
	key, err := id.Parse(friend.Prefix, text)
	if err != nil {
		return id.ID{}, friend.ErrMissing
	}
	return key, nil
}

func (d *Door) friend(ctx context.Context, c *call, in *idInput) (*answer[Friend], error) {
	key, err := friendKey(in.ID)
	if err != nil {
		return nil, err
	}
	f, err := d.d.Friends.One(ctx, c.token.Client, key)
	if err != nil {
		return nil, err
	}
	return ok(shownFriend(f))
}

func (d *Door) changeFriend(ctx context.Context, c *call, in *idInput, body *FriendChange) (*answer[Friend], error) {
	key, err := friendKey(in.ID)
	if err != nil {
		return nil, err
	}
	to := friend.Change{Name: body.Name, Favourite: body.Favourite}
	if body.Phone != nil {
		number, err := phone.Parse(*body.Phone)
		if err != nil {
			return nil, at("phone", err)
		}
		to.Phone = &number
	}
	f, err := d.d.Friends.Change(ctx, c.token.Client, key, to)
	if err != nil {
		return nil, err
	}
	return ok(shownFriend(f))
}

func (d *Door) removeFriend(ctx context.Context, c *call, in *idInput) (*none, error) {
	key, err := friendKey(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, d.d.Friends.Remove(ctx, c.token.Client, key)
}

// payFriend gives the payee that a quote takes. Where both sides agreed to be
// found nobody is looked up; else it is counted like POST /recipients.
func (d *Door) payFriend(ctx context.Context, c *call, in *idInput) (*answer[Recipient], error) {
	key, err := friendKey(in.ID)
	if err != nil {
		return nil, err
	}
	_, to, err := d.d.Friends.Payee(ctx, c.token.Client, key, d.d.Address(c.r))
	if err != nil {
		return nil, err
	}
	return ok(Recipient{Payee: to.Token, Name: to.Name, Phone: to.Phone.E164(), Expires: to.Until.UTC()})
}

func (d *Door) discovery(ctx context.Context, c *call, _ *none) (*answer[Discovery], error) {
	consent, err := d.d.Friends.Discovery(ctx, c.token.Client)
	if err != nil {
		return nil, err
	}
	return ok(shownDiscovery(consent))
}

func (d *Door) setDiscovery(ctx context.Context, c *call, _ *none, in *DiscoveryChange) (*answer[Discovery], error) {
	if in.Findable == nil {
		var bad flaws
		bad.need("findable", "")
		return nil, bad.err()
	}
	consent, err := d.d.Friends.SetDiscovery(ctx, c.token.Client, *in.Findable)
	if err != nil {
		return nil, err
	}
	return ok(shownDiscovery(consent))
}
