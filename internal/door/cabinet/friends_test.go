package cabinet_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"rocketbank/internal/base/phone"
)

var friendLink = regexp.MustCompile(`/friends/fr_[0-9a-z]+`)

// befriends writes somebody into the contact book and gives his page.
func (p *person) befriends(name string, number phone.Number) string {
	p.w.Helper()
	p.post("/friends/new", url.Values{"name": {name}, "phone": {number.E164()}}).to("/friends")
	page := p.get("/friends").is(200).has(name)
	for _, at := range friendLink.FindAllString(page.body, -1) {
		if strings.Contains(p.get(at).is(200).body, name) {
			return at
		}
	}
	p.w.Fatalf("%s is not in the book", name)
	return ""
}

// holds fails unless the page's source has it; lacks fails if the page says it.
func (a answer) holds(source string) answer {
	a.w.Helper()
	if !strings.Contains(a.body, source) {
		a.w.Fatalf("%s has no %s", a.at, source)
	}
	return a
}

func (a answer) lacks(word string) answer {
	a.w.Helper()
	if strings.Contains(text(a.body), word) {
		a.w.Fatalf("%s says %q:\n%s", a.at, word, text(a.body))
	}
	return a
}

// The contact book through the door: written, corrected, paid, thinned out.
func TestFriends(t *testing.T) {
	w := lite(t)
	p, pavel := w.person(1, 1000), w.person(2, 0)
	p.get("/more").is(200).holds(`href="/friends"`)
	p.get("/friends").is(200).has("Друзей пока нет", "Меня можно найти по номеру", "Разрешить")
	p.get("/transfer").is(200).has("Добавить друга")
	at := p.befriends("Паша", pavel.phone)
	p.post("/friends/new", url.Values{"name": {"Другой"}, "phone": {pavel.phone.E164()}}).is(409).has("уже есть у ваших друзей", "Другой")
	p.post("/friends/new", url.Values{"name": {""}, "phone": {"12"}}).is(422).has("Напишите имя", "Номер короткий")
	p.post("/friends/new", url.Values{"name": {"Я"}, "phone": {p.phone.E164()}}).is(422).has("ваш собственный номер")
	p.post(at, url.Values{"do": {"save"}, "name": {"Паша с работы"}, "phone": {pavel.phone.E164()}, "favourite": {"1"}}).to(at)
	p.get(at).is(200).has("Сохранили", "Паша с работы").holds("checked")
	p.post(at, url.Values{"do": {"save"}, "name": {"Паша"}, "phone": {"не номер"}}).is(422).has("не номер")

	// From the first step of a transfer to the sum it is one tap.
	p.get("/transfer").is(200).has("Паша с работы").holds(`action="` + at + `/pay"`)
	sum := p.post(at+"/pay", url.Values{}).to("/transfer")
	p.get(sum).is(200).has("Анна С.").holds(`name="amount"`)

	// Who is nobody's client leads to other banks.
	stranger := p.befriends("Никто", "+79035550199")
	p.get(p.post(stranger+"/pay", url.Values{}).to("/transfer/bank")).is(200).has("+7 903 555-01-99")

	p.post(at, url.Values{"do": {"remove"}}).to("/friends")
	p.get(at).is(404)
	p.get("/friends").is(200).has("Убрали из списка").lacks("Паша с работы")
}

// Who is a client shows only when both said yes.
func TestFriendsFindEachOther(t *testing.T) {
	w := lite(t)
	p, pavel := w.person(1, 1000), w.person(2, 0)
	at := p.befriends("Паша", pavel.phone)
	agree := func(b *person, word string) {
		b.post("/friends/discovery", url.Values{"findable": {word}}).to("/friends")
	}
	p.get(at).is(200).lacks("· с нами")
	agree(p, "yes")
	p.get("/friends").is(200).has("Теперь вас можно найти", "Друзья видят, что вы с нами").lacks("· с нами")
	agree(pavel, "yes")
	p.get("/friends").is(200).has("· с нами")
	for range 25 { // more than there are look-ups in a day
		p.post(at+"/pay", url.Values{}).to("/transfer")
	}
	agree(pavel, "no")
	p.get("/friends").is(200).lacks("· с нами")
	for range 20 {
		p.post(at+"/pay", url.Values{}).to("/transfer")
	}
	p.post(at+"/pay", url.Values{}).is(429).has("Слишком много поисков", "+7 916")
	p.post("/friends/discovery", url.Values{"findable": {"maybe"}}).is(400)
}
