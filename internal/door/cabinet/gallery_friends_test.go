package cabinet

import (
	"rocketbank/internal/door/ui"
)

// friendGallery lists the pages of the contact book in every state worth a look.
func friendGallery(in ui.Page, say func(ru, other string) string, with func(ui.Page, ...ui.Problem) ui.Page) []exhibit {
	book := []FriendRow{
		{Href: "/friends/fr_1", Name: say("Мама", "Mum"), Phone: "+79165550145", Favourite: true, Here: true},
		{Href: "/friends/fr_2", Name: say("Константин Долгоруков-Крымский с дачи под Переславлем", "Konstantin Dolgorukov-Krymsky from the summer house"), Phone: "+79165550123", Favourite: true},
		{Href: "/friends/fr_3", Name: say("Паша", "Pavel"), Phone: "+79165550167", Here: true},
		{Href: "/friends/fr_4", Name: say("Тимур, сосед", "Timur next door"), Phone: "+79165550189"},
	}
	form := FriendForm{Name: book[0].Name, Phone: "+7 916 555-01-45", Favourite: true}
	wrong := with(in, ui.Problem{Field: "name", Text: in.P.T("friend.name")}, ui.Problem{Field: "phone", Text: in.P.T("friend.there")})
	return []exhibit{
		{"friends", FriendsPage(FriendsView{Page: in, Friends: book}), false},
		{"friends-found", FriendsPage(FriendsView{Page: in, Friends: book[:1], Findable: true}), false},
		{"friends-none", FriendsPage(FriendsView{Page: in}), false},
		{"friend-new", NewFriendPage(NewFriendView{Page: in}), false},
		{"friend-new-error", NewFriendPage(NewFriendView{Page: wrong, Form: form}), false},
		{"friend", FriendPage(FriendView{Page: in, Friend: book[0], Form: form}), false},
		{"friend-error", FriendPage(FriendView{Page: wrong, Friend: book[0], Form: form}), false},
		{"transfer-friends", RecipientPage(RecipientView{Page: in, Friends: book, FriendsAll: 11, LookupsLeft: -1}), false},
	}
}
