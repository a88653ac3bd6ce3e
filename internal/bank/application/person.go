package application

import (
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/fault"
)

// questionnaire is what an application keeps of somebody, under seal: what was typed,
// page by page, in its normal spelling. An empty page is one that was not
// filled in yet.
type questionnaire struct {
	Last       string   `json:"last,omitempty"`
	First      string   `json:"first,omitempty"`
	Middle     string   `json:"middle,omitempty"`
	Born       string   `json:"born,omitempty"` // ISO
	Email      string   `json:"email,omitempty"`
	Series     string   `json:"series,omitempty"`
	Number     string   `json:"number,omitempty"`
	Department string   `json:"department,omitempty"`
	IssuedBy   string   `json:"issued_by,omitempty"`
	IssuedOn   string   `json:"issued_on,omitempty"` // ISO
	BirthPlace string   `json:"birth_place,omitempty"`
	PostCode   string   `json:"post_code,omitempty"`
	Region     string   `json:"region,omitempty"`
	City       string   `json:"city,omitempty"`
	Street     string   `json:"street,omitempty"`
	House      string   `json:"house,omitempty"`
	Flat       string   `json:"flat,omitempty"`
	Delivery   Delivery `json:"delivery,omitempty"`
	Wish       string   `json:"wish,omitempty"`
	Seen       []Step   `json:"seen,omitempty"` // pages that were saved
}

// wrongs gathers the faults of one page.
type wrongs struct{ all Problems }

func (w *wrongs) add(name string, f *fault.Error) {
	if f != nil {
		w.all = append(w.all, f.At(name))
	}
}

func (w *wrongs) text(name, s string, most int, must bool) string {
	out, f := field(s, most, must)
	w.add(name, f)
	return out
}

func (w *wrongs) date(name, s string) (client.Date, bool) {
	if s == "" {
		w.add(name, ErrEmpty)
		return client.Date{}, false
	}
	d, ok := client.ParseDate(s)
	if !ok {
		w.add(name, ErrDate)
	}
	return d, ok
}

func (q *questionnaire) takeName(f NameForm, now time.Time) Problems {
	var w wrongs
	part := func(name, s string, must bool) string {
		out, f := namePart(s, must)
		w.add(name, f)
		return out
	}
	last, first, middle := part("last", f.Last, true), part("first", f.First, true), part("middle", f.Middle, false)
	if len(w.all) == 0 && scriptOf(last+first+middle) == bothScripts {
		w.add("last", ErrNameScript)
	}
	born, err := parseBirth(f.BirthDate, now)
	if e, ok := fault.As(err); ok {
		w.add("birth_date", e)
	}
	if len(w.all) == 0 {
		q.Last, q.First, q.Middle, q.Born = last, first, middle, born.ISO()
	}
	return w.all
}

func (q *questionnaire) takeContact(f ContactForm) Problems {
	var w wrongs
	mail, wrong := email(f.Email)
	if w.add("email", wrong); wrong == nil {
		q.Email = mail
	}
	return w.all
}

// takePassport checks the passport against the birth date where that is known.
func (q *questionnaire) takePassport(f PassportForm, now time.Time) Problems {
	var w wrongs
	series, ok := digits(f.Series, 4, "№-")
	if !ok {
		w.add("series", ErrSeries)
	}
	number, ok := digits(f.Number, 6, "№")
	if !ok {
		w.add("number", ErrNumber)
	}
	department, ok := digits(f.Department, 6, "-‐‑–")
	if !ok {
		w.add("department", ErrDepartment)
	} else {
		department = department[:3] + "-" + department[3:]
	}
	by := w.text("issued_by", f.IssuedBy, maxIssuedBy, true)
	place := w.text("birth_place", f.BirthPlace, maxPlace, true)
	issued, ok := w.date("issued_on", f.IssuedOn)
	if ok {
		w.add("issued_on", q.issued(issued, now))
	}
	if len(w.all) == 0 {
		q.Series, q.Number, q.Department, q.IssuedBy, q.IssuedOn, q.BirthPlace = series, number, department, by, issued.ISO(), place
	}
	return w.all
}

// Changed reads data that the contact centre wants to change, by the rules of
// the questionnaire, and gives them in their normal spelling; all faults come at
// once. Empty is what does not change.
func Changed(born client.Date, in map[string]string, now time.Time) (map[string]string, error) {
	var w wrongs
	out := map[string]string{}
	keep := func(name, value string) {
		if value != "" {
			out[name] = value
		}
	}
	names := ""
	for _, name := range []string{"last", "first", "middle"} {
		part, wrong := namePart(in[name], false)
		w.add(name, wrong)
		keep(name, part)
		names += part
	}
	if scriptOf(names) == bothScripts {
		w.add("last", ErrNameScript)
	}
	for _, x := range []struct {
		name string
		most int
	}{{"issued_by", maxIssuedBy}, {"birth_place", maxPlace}, {"city", maxShort}, {"street", maxPlace}, {"house", maxHouse}, {"flat", maxHouse}} {
		keep(x.name, w.text(x.name, in[x.name], x.most, false))
	}
	for _, x := range []struct {
		name  string
		n     int
		marks string
		wrong *fault.Error
	}{{"series", 4, "№-", ErrSeries}, {"number", 6, "№", ErrNumber}, {"post_code", 6, "-", ErrPostCode}, {"department", 6, "-‐‑–", ErrDepartment}} {
		if strings.TrimSpace(in[x.name]) == "" {
			continue
		}
		value, ok := digits(in[x.name], x.n, x.marks)
		if !ok {
			w.add(x.name, x.wrong)
			continue
		}
		if x.name == "department" {
			value = value[:3] + "-" + value[3:]
		}
		keep(x.name, value)
	}
	if mail, wrong := email(in["email"]); wrong != nil {
		w.add("email", wrong)
	} else {
		keep("email", mail)
	}
	if on := strings.TrimSpace(in["issued_on"]); on != "" {
		if issued, ok := w.date("issued_on", on); ok {
			q := questionnaire{Born: born.ISO()}
			w.add("issued_on", q.issued(issued, now))
			keep("issued_on", issued.ISO())
		}
	}
	if code := strings.TrimSpace(in["region"]); code != "" {
		region, ok := RegionOf(code)
		if !ok {
			w.add("region", ErrRegion)
		}
		keep("region", region.Code)
	}
	if len(w.all) > 0 {
		return nil, w.all
	}
	return out, nil
}

// issued tells what is wrong with the day a passport was issued.
func (q *questionnaire) issued(issued client.Date, now time.Time) *fault.Error {
	today := bankDay(now)
	if midnight(issued).After(today) {
		return ErrIssuedFuture
	}
	born, ok := client.ParseDate(q.Born)
	if !ok {
		return nil // the birth date is not known yet; both are looked at again in the end
	}
	if midnight(issued).Before(anniversary(born, firstPassport)) {
		return ErrIssuedEarly
	}
	if age, on := expiredAt(born, issued, today); age != 0 {
		return ErrPassportExpired.With("age", age).With("on", on)
	}
	return nil
}

func (q *questionnaire) takeAddress(f AddressForm) Problems {
	var w wrongs
	post, ok := digits(f.PostCode, 6, "-")
	if !ok {
		w.add("post_code", ErrPostCode)
	}
	region, ok := RegionOf(f.Region)
	if !ok {
		w.add("region", ErrRegion)
	}
	city := w.text("city", f.City, maxShort, true)
	street := w.text("street", f.Street, maxPlace, false)
	house := w.text("house", f.House, maxHouse, true)
	flat := w.text("flat", f.Flat, maxHouse, false)
	if len(w.all) == 0 {
		q.PostCode, q.Region, q.City, q.Street, q.House, q.Flat = post, region.Code, city, street, house, flat
	}
	return w.all
}

func (q *questionnaire) takeDelivery(f DeliveryForm) Problems {
	var w wrongs
	if f.Way != Virtual && f.Way != Courier {
		w.add("way", ErrDelivery)
	}
	wish := w.text("wish", f.Wish, maxWish, false)
	if len(w.all) == 0 {
		q.Delivery, q.Wish = f.Way, wish
	}
	return w.all
}

// The pages as their owner typed them.

func shownDate(iso string) string {
	if d, ok := client.ParseDate(iso); ok {
		return midnight(d).Format("02.01.2006")
	}
	return ""
}

func (q questionnaire) name() NameForm {
	return NameForm{Last: q.Last, First: q.First, Middle: q.Middle, BirthDate: shownDate(q.Born)}
}

func (q questionnaire) contact() ContactForm { return ContactForm{Email: q.Email} }

func (q questionnaire) passport() PassportForm {
	return PassportForm{Series: q.Series, Number: q.Number, Department: q.Department, IssuedBy: q.IssuedBy, IssuedOn: shownDate(q.IssuedOn), BirthPlace: q.BirthPlace}
}

func (q questionnaire) address() AddressForm {
	return AddressForm{PostCode: q.PostCode, Region: q.Region, City: q.City, Street: q.Street, House: q.House, Flat: q.Flat}
}

func (q questionnaire) delivery() DeliveryForm { return DeliveryForm{Way: q.Delivery, Wish: q.Wish} }

// clientName is the name as the bank's other rooms use it.
func (q questionnaire) clientName() client.Name { return client.Name{First: q.First, Last: q.Last} }

// zone is the time zone where the person lives; Moscow until the address is known.
func (q questionnaire) zone() *time.Location {
	if r, ok := RegionOf(q.Region); ok {
		return r.Zone()
	}
	return clock.Moscow
}

// passportKey is what the keyed hash of a passport is made of.
func (q questionnaire) passportKey() string {
	if q.Series == "" {
		return ""
	}
	return q.Series + q.Number
}
