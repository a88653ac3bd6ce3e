package sandbox

import (
	"net/http"
	"strings"
	"time"

	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/phone"
)

func (d *door) getIndex(w http.ResponseWriter, r *http.Request) error {
	return d.show(w, r, http.StatusOK, "index.html", "sandbox.index.title", struct{ SMS, Acquirer string }{
		d.cfg.Origin + SMSPath, d.cfg.Origin + AcquirerPath,
	})
}

// getPhones lists the phones that were written to.
func (d *door) getPhones(w http.ResponseWriter, r *http.Request) error {
	return d.showPhones(w, r, http.StatusOK, "", "")
}

type phonesData struct{ Phones, Typed, Problem any }

func (d *door) showPhones(w http.ResponseWriter, r *http.Request, status int, typed, problem string) error {
	s := d.sheet(r, "sandbox.phones.title", phonesData{d.sms.handsets(), typed, problem})
	s.Refresh = 5
	return d.print(w, status, "phones.html", "layout", s)
}

// postFindPhone opens the phone of a number typed in any usual spelling.
func (d *door) postFindPhone(w http.ResponseWriter, r *http.Request) error {
	typed := r.PostFormValue("number")
	n, err := phone.Parse(typed)
	if err != nil {
		return d.showPhones(w, r, http.StatusUnprocessableEntity, typed, "sandbox.phones.bad_number")
	}
	return seeOther(w, r, phonePath(n.E164()))
}

type phoneData struct {
	Number, Path string
	Off          bool
	Messages     []message
	More         int // older ones that are not shown
}

// maxShown bounds what one screen of a phone holds.
const maxShown = 50

// getPhone is the screen of one phone.
func (d *door) getPhone(w http.ResponseWriter, r *http.Request) error {
	s, err := d.phoneSheet(r)
	if err != nil {
		return err
	}
	s.Refresh = 5
	return d.print(w, http.StatusOK, "phone.html", "layout", s)
}

// getPhoneList is the conversation alone, for the script that keeps it fresh.
func (d *door) getPhoneList(w http.ResponseWriter, r *http.Request) error {
	s, err := d.phoneSheet(r)
	if err != nil {
		return err
	}
	return d.print(w, http.StatusOK, "phone.html", "messages", s)
}

func (d *door) phoneSheet(r *http.Request) (sheet, error) {
	number, err := numberOf(r)
	if err != nil {
		return sheet{}, err
	}
	list, off := d.sms.conversation(number)
	shown := list[:min(len(list), maxShown)]
	s := d.sheet(r, "sandbox.phone.title", phoneData{number, phonePath(number), off, shown, len(list) - len(shown)})
	s.Title = s.Word("sandbox.phone.title", "number", s.Phone(number))
	return s, nil
}

func (d *door) postSwitch(w http.ResponseWriter, r *http.Request) error {
	number, err := numberOf(r)
	if err != nil {
		return err
	}
	if err := d.sms.turn(number, r.PostFormValue("to") == "off"); err != nil {
		return err
	}
	return seeOther(w, r, phonePath(number))
}

func (d *door) postAgain(w http.ResponseWriter, r *http.Request) error {
	return d.settle(w, r, smsDelivered)
}

func (d *door) postUndelivered(w http.ResponseWriter, r *http.Request) error {
	return d.settle(w, r, smsUndelivered)
}

func (d *door) settle(w http.ResponseWriter, r *http.Request, state string) error {
	number, err := numberOf(r)
	if err != nil {
		return err
	}
	if _, err := d.sms.settle(r.PathValue("id"), state); err != nil {
		return err
	}
	return seeOther(w, r, phonePath(number))
}

// numberOf reads the number of a phone's page, written without its plus.
func numberOf(r *http.Request) (string, error) {
	n := "+" + r.PathValue("number")
	if !e164.MatchString(n) {
		return "", refuse(http.StatusNotFound, "no_such_page", "")
	}
	return n, nil
}

func phonePath(number string) string { return "/phone/" + strings.TrimPrefix(number, "+") }

// getCards lists the test cards for people.
func (d *door) getCards(w http.ResponseWriter, r *http.Request) error {
	return d.show(w, r, http.StatusOK, "cards.html", "sandbox.cards.title", testCards(d.cfg.now()))
}

// Grouped is the number as it stands on a card.
func (c testCard) Grouped() string {
	var b strings.Builder
	for i, d := range c.Number {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// clockData is the demo's time, and how far it stands ahead in whole days and hours.
type clockData struct {
	Now         time.Time
	Days, Hours int
	Moved       bool
}

func (d *door) getClock(w http.ResponseWriter, r *http.Request) error {
	ahead := d.cfg.Clock.Offset()
	return d.show(w, r, http.StatusOK, "clock.html", "sandbox.clock.title", clockData{
		Now:  d.cfg.Clock.Now().In(clock.Moscow),
		Days: int(ahead / (24 * time.Hour)), Hours: int(ahead % (24 * time.Hour) / time.Hour), Moved: ahead > 0,
	})
}

// maxAhead keeps the demo's time within what dates can be computed for.
const maxAhead = 50 * 365 * 24 * time.Hour

// postClock moves the demo's time. There is no way back.
func (d *door) postClock(w http.ResponseWriter, r *http.Request) error {
	step, ok := stepOf(d.cfg.Clock.Now(), r.PostFormValue("step"))
	if !ok {
		return refuse(http.StatusUnprocessableEntity, "bad_step", "step")
	}
	if d.cfg.Clock.Offset()+step > maxAhead {
		return refuse(http.StatusUnprocessableEntity, "too_far", "step")
	}
	if err := d.cfg.Clock.Forward(step); err != nil {
		return err
	}
	return seeOther(w, r, "/clock")
}

// stepOf gives the length of a step. A month leads to the same date of the
// next one, or to its last day: 31 January → 28 February.
func stepOf(now time.Time, name string) (time.Duration, bool) {
	switch name {
	case "hour":
		return time.Hour, true
	case "day":
		return 24 * time.Hour, true
	case "month":
		t := now.In(clock.Moscow)
		next := t.AddDate(0, 1, 0)
		if next.Day() != t.Day() {
			next = next.AddDate(0, 0, -next.Day())
		}
		return next.Sub(t), true
	}
	return 0, false
}
