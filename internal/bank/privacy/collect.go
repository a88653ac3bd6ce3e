package privacy

import (
	"context"
	"errors"
	"strings"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// Data is everything the bank holds of a client, as it leaves the house: no
// secrets, cards masked. The names of its JSON are a promise to whoever reads
// the file later.
type Data struct {
	Format       string          `json:"format"`
	Bank         string          `json:"bank"`
	Made         time.Time       `json:"made"`
	Client       Person          `json:"client"`
	Papers       []Papers        `json:"papers"`
	Cards        []Card          `json:"cards"`
	Operations   []Operation     `json:"operations"`
	More         bool            `json:"operations_more,omitempty"` // there are older ones, see maxOperations
	Devices      []Device        `json:"devices"`
	Sessions     []Session       `json:"sessions"`
	Passkeys     []Passkey       `json:"passkeys"`
	Logins       []Login         `json:"logins"`
	Tokens       []Token         `json:"api_tokens"`
	Consents     []ConsentLine   `json:"consents"`
	Looks        []LookLine      `json:"looks"`
	Applications []Questionnaire `json:"applications"`
	Disputes     []DisputeLine   `json:"disputes"`
	Friends      []FriendLine    `json:"friends"`
	Findable     bool            `json:"findable_by_number"`
	Internet     []InternetLine  `json:"internet_authentications"`
	Deletions    []DeletionLine  `json:"deletion_requests"`
	Retention    []Kept          `json:"retention"`
}

// The parts of Data.
type (
	// Person is who the client is.
	Person struct {
		ID        string    `json:"id"`
		FirstName string    `json:"first_name"`
		LastName  string    `json:"last_name"`
		BirthDate string    `json:"birth_date"`
		Phone     string    `json:"phone"`
		Language  string    `json:"language"`
		Theme     string    `json:"theme,omitempty"`
		Level     string    `json:"identification"`
		CodeWord  bool      `json:"code_word_set"`
		OwnLimits *Limits   `json:"own_limits,omitempty"`
		Since     time.Time `json:"since"`
	}
	// Limits are those that he set himself; one that is absent is as the bank's.
	Limits struct {
		One   string `json:"one_transfer,omitempty"`
		Day   string `json:"day,omitempty"`
		Month string `json:"month,omitempty"`
	}
	// Papers is one version of his papers.
	Papers struct {
		Version int       `json:"version"`
		Source  string    `json:"source"`
		At      time.Time `json:"at"`
		Data    Passport  `json:"data"`
	}
	// Passport is what the papers say. client.Papers refuses to be written, so
	// its parts are named here on purpose.
	Passport struct {
		First      string `json:"first_name,omitempty"`
		Last       string `json:"last_name,omitempty"`
		Middle     string `json:"middle,omitempty"`
		Email      string `json:"email,omitempty"`
		Series     string `json:"series,omitempty"`
		Number     string `json:"number,omitempty"`
		Department string `json:"department,omitempty"`
		IssuedBy   string `json:"issued_by,omitempty"`
		IssuedOn   string `json:"issued_on,omitempty"`
		BirthPlace string `json:"birth_place,omitempty"`
		PostCode   string `json:"post_code,omitempty"`
		Region     string `json:"region,omitempty"`
		City       string `json:"city,omitempty"`
		Street     string `json:"street,omitempty"`
		House      string `json:"house,omitempty"`
		Flat       string `json:"flat,omitempty"`
	}
	// Card is a card, masked.
	Card struct {
		ID      string    `json:"id"`
		Number  string    `json:"number"`
		Holder  string    `json:"holder"`
		Expires string    `json:"expires"`
		State   string    `json:"state"`
		Since   time.Time `json:"since"`
		// Of a plastic card that was ordered: where it goes and how far it is.
		Delivery *Delivery `json:"delivery,omitempty"`
	}
	// Delivery is the way of a plastic card.
	Delivery struct {
		Address string    `json:"address"`
		Wish    string    `json:"wish,omitempty"`
		State   string    `json:"state"`
		Ordered time.Time `json:"ordered"`
	}
	// Operation is one line of the feed.
	Operation struct {
		ID       string       `json:"id"`
		At       time.Time    `json:"at"`
		Kind     string       `json:"kind"`
		State    string       `json:"state"`
		Amount   string       `json:"amount"`
		Fee      string       `json:"fee,omitempty"`
		Currency string       `json:"currency"`
		Name     string       `json:"name,omitempty"`
		Phone    string       `json:"phone,omitempty"`
		Card     string       `json:"card,omitempty"`
		Message  string       `json:"message,omitempty"`
		sum      money.Amount // for the PDF's reader
	}
	// Device is a browser that the bank knows.
	Device struct {
		ID    string    `json:"id"`
		Code  string    `json:"code"`
		Name  string    `json:"name"`
		Since time.Time `json:"since"`
		Last  time.Time `json:"last_seen"`
	}
	// Session is a live session.
	Session struct {
		ID      string    `json:"id"`
		Device  string    `json:"device"`
		Started time.Time `json:"started"`
		Last    time.Time `json:"last_seen"`
	}
	// Passkey is a passkey.
	Passkey struct {
		ID      string    `json:"id"`
		Name    string    `json:"name"`
		Created time.Time `json:"created"`
	}
	// Login is one signed statement of a login.
	Login struct {
		ID     string    `json:"id"`
		At     time.Time `json:"at"`
		Name   string    `json:"name"`
		Place  string    `json:"place"`
		Signed bool      `json:"signed"`
	}
	// Token is an API token without its secret.
	Token struct {
		ID      string    `json:"id"`
		Name    string    `json:"name"`
		Scopes  []string  `json:"scopes"`
		Created time.Time `json:"created"`
		Expires time.Time `json:"expires"`
	}
	// ConsentLine is one line of the log of consents.
	ConsentLine struct {
		Kind    string    `json:"kind"`
		Version string    `json:"version"`
		Given   bool      `json:"given"`
		At      time.Time `json:"at"`
	}
	// LookLine is one look of the staff.
	LookLine struct {
		Who    string    `json:"who"`
		Role   string    `json:"role"`
		What   string    `json:"what"`
		Reason string    `json:"reason"`
		At     time.Time `json:"at"`
	}
	// Questionnaire is one application.
	Questionnaire struct {
		ID        string    `json:"id"`
		State     string    `json:"state"`
		Made      time.Time `json:"made"`
		Changed   time.Time `json:"changed"`
		Documents []string  `json:"documents,omitempty"`
	}
	// DisputeLine is one dispute with its messages.
	DisputeLine struct {
		ID        string     `json:"id"`
		Operation string     `json:"operation"`
		Reason    string     `json:"reason"`
		State     string     `json:"state"`
		Made      time.Time  `json:"made"`
		Promised  time.Time  `json:"promised"`
		Changed   time.Time  `json:"changed"`
		Returned  string     `json:"returned,omitempty"`
		Messages  []SaidLine `json:"messages,omitempty"`
	}
	// SaidLine is one message of a dispute.
	SaidLine struct {
		By   string    `json:"by"`
		Text string    `json:"text"`
		At   time.Time `json:"at"`
	}
	// FriendLine is one entry of the contact book.
	FriendLine struct {
		Name      string    `json:"name"`
		Phone     string    `json:"phone"`
		Favourite bool      `json:"favourite"`
		Since     time.Time `json:"since"`
	}
	// InternetLine is one question of a shop whether the holder himself buys.
	InternetLine struct {
		ID       string    `json:"id"`
		Card     string    `json:"card_last4"`
		Shop     string    `json:"shop"`
		Amount   string    `json:"amount"`
		At       time.Time `json:"at"`
		Outcome  string    `json:"outcome"`
		ByHolder bool      `json:"confirmed_by_holder"`
	}
	// DeletionLine is one request to delete.
	DeletionLine struct {
		ID       string    `json:"id"`
		State    string    `json:"state"`
		Made     time.Time `json:"made"`
		AnswerBy time.Time `json:"answer_by"`
	}
)

const (
	// Format names the shape of the file.
	Format = "rocketbank data 1"
	// maxOperations bounds one file; older operations are in the feed and in
	// the statement.
	maxOperations = 50_000
	feedPage      = 100
	maxLogins     = 1000
)

// Export collects everything about whoever has just proved himself, and notes
// in the trail that it left the house.
func (s *Service) Export(ctx context.Context, p access.Proof) (Data, error) {
	who, err := s.fresh(p)
	if err != nil {
		return Data{}, err
	}
	out, err := s.collect(ctx, who)
	if err != nil {
		return Data{}, err
	}
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		return record(ctx, tx, "client", who, "privacy.exported", "", "")
	})
	return out, err
}

func (s *Service) collect(ctx context.Context, who client.ID) (Data, error) {
	c, err := s.d.Clients.ByID(ctx, who)
	if err != nil {
		return Data{}, err
	}
	word, err := s.d.Access.HasCodeWord(ctx, who)
	if err != nil {
		return Data{}, err
	}
	d := Data{
		Format: Format, Bank: s.d.Bank, Made: s.d.DB.Now().UTC().Truncate(time.Second), Retention: Retention(),
		Client: Person{
			ID: c.UID.Text(client.Prefix), FirstName: c.Name.First, LastName: c.Name.Last, BirthDate: c.Born.ISO(), Phone: c.Phone.E164(),
			Language: string(c.Lang), Theme: c.Theme, Level: levelName(c.Level), CodeWord: word, Since: c.Since,
		},
	}
	own, err := s.d.Clients.OwnCaps(ctx, who)
	if err != nil {
		return Data{}, err
	}
	d.Client.OwnLimits = ownLimits(own.At(d.Made))
	for _, step := range []func(context.Context, client.ID, *Data) error{
		s.papers, s.cards, s.operations, s.devices, s.keys, s.tokens, s.consents, s.looks, s.applications, s.disputes, s.friends, s.internet, s.deletions,
	} {
		if err := step(ctx, who, &d); err != nil {
			return Data{}, err
		}
	}
	return d, nil
}

func ownLimits(c client.Caps) *Limits {
	if c.None() {
		return nil
	}
	of := func(a money.Amount) string {
		if a.Cur == 0 {
			return ""
		}
		return plain(a)
	}
	return &Limits{One: of(c.One), Day: of(c.Day), Month: of(c.Month)}
}

// plain writes «-1234.56», for machines.
func plain(a money.Amount) string { return strings.TrimSuffix(a.String(), " "+a.Cur.String()) }

func levelName(l client.Level) string {
	if l == client.Full {
		return "full"
	}
	return "simplified"
}

func (s *Service) papers(ctx context.Context, who client.ID, d *Data) error {
	all, err := s.d.Clients.PapersHistory(ctx, who)
	if errors.Is(err, client.ErrNobody) {
		return nil
	}
	for _, v := range all {
		d.Papers = append(d.Papers, Papers{Version: v.Version, Source: v.Source, At: v.At, Data: Passport(v.Papers)})
	}
	return err
}

func (s *Service) cards(ctx context.Context, who client.ID, d *Data) error {
	all, err := s.d.Cards.Of(ctx, who)
	if err != nil {
		return err
	}
	for _, c := range all {
		line := Card{
			ID: c.ID.Text(card.Prefix), Number: c.First6[:4] + " " + c.First6[4:] + "•• •••• " + c.Last4, Holder: c.Holder, Expires: c.Expires(),
			State: c.State.Word(), Since: c.Since,
		}
		way, err := s.d.Cards.DeliveryOf(ctx, who, c.ID)
		switch {
		case err == nil:
			line.Delivery = &Delivery{Address: way.Place.Address, Wish: way.Place.Wish, State: way.State.Word(), Ordered: way.Ordered}
		case !errors.Is(err, card.ErrNoDelivery):
			return err
		}
		d.Cards = append(d.Cards, line)
	}
	return nil
}

func (s *Service) operations(ctx context.Context, who client.ID, d *Data) error {
	var before id.ID
	for {
		page, err := s.d.Operations.Feed(ctx, who, operation.Filter{Before: before, Limit: feedPage})
		if err != nil {
			return err
		}
		for _, o := range page.Operations {
			line := Operation{
				ID: o.Text(), At: o.At, Kind: o.Kind.String(), State: o.State.String(), Amount: plain(o.Amount), Currency: o.Amount.Cur.String(),
				Name: o.Details.Name, Phone: o.Details.Phone, Card: o.Details.Card, Message: o.Details.Message, sum: o.Amount,
			}
			if o.Fee.Minor != 0 {
				line.Fee = plain(o.Fee)
			}
			d.Operations = append(d.Operations, line)
		}
		if before = page.Next; before.IsZero() {
			return nil
		}
		if len(d.Operations) >= maxOperations {
			d.More = true
			return nil
		}
	}
}

func (s *Service) devices(ctx context.Context, who client.ID, d *Data) error {
	all, err := s.d.Access.Devices(ctx, who, access.Session{})
	for _, v := range all {
		d.Devices = append(d.Devices, Device{ID: v.ID.Text(access.DevicePrefix), Code: v.Code, Name: v.Name, Since: v.Since, Last: v.Last})
		for _, in := range v.Sessions {
			d.Sessions = append(d.Sessions, Session{
				ID: in.ID.Text(access.SessionPrefix), Device: v.ID.Text(access.DevicePrefix), Started: in.Started, Last: in.Seen,
			})
		}
	}
	return err
}

func (s *Service) keys(ctx context.Context, who client.ID, d *Data) error {
	keys, err := s.d.Access.Passkeys(ctx, who)
	if err != nil {
		return err
	}
	for _, k := range keys {
		d.Passkeys = append(d.Passkeys, Passkey{ID: k.ID.Text(access.PasskeyPrefix), Name: k.Name, Created: k.Created})
	}
	logins, err := s.d.Access.Statements(ctx, who, maxLogins)
	for _, l := range logins {
		d.Logins = append(d.Logins, Login{ID: l.ID.Text(access.StatementPrefix), At: l.At, Name: l.Name, Place: l.Place, Signed: l.Signed()})
	}
	return err
}

func (s *Service) tokens(ctx context.Context, who client.ID, d *Data) error {
	all, err := s.d.Access.Tokens(ctx, who)
	for _, t := range all {
		line := Token{ID: t.ID.Text(access.TokenPrefix), Name: t.Name, Created: t.Created, Expires: t.Expires}
		for _, scope := range t.Scopes {
			line.Scopes = append(line.Scopes, string(scope))
		}
		d.Tokens = append(d.Tokens, line)
	}
	return err
}

func (s *Service) consents(ctx context.Context, who client.ID, d *Data) error {
	all, err := s.Consents(ctx, who)
	for _, c := range all {
		d.Consents = append(d.Consents, ConsentLine(c))
	}
	return err
}

func (s *Service) looks(ctx context.Context, who client.ID, d *Data) error {
	all, err := s.Looks(ctx, who)
	for _, l := range all {
		d.Looks = append(d.Looks, LookLine(l))
	}
	return err
}

func (s *Service) applications(ctx context.Context, who client.ID, d *Data) error {
	if s.d.Ports.Applications == nil {
		return nil
	}
	all, err := s.d.Ports.Applications(ctx, who)
	for _, a := range all {
		d.Applications = append(d.Applications, Questionnaire(a))
	}
	return err
}

func (s *Service) disputes(ctx context.Context, who client.ID, d *Data) error {
	if s.d.Ports.Disputes == nil {
		return nil
	}
	all, err := s.d.Ports.Disputes(ctx, who)
	for _, x := range all {
		line := DisputeLine{ID: x.ID, Operation: x.Operation, Reason: x.Reason, State: x.State, Made: x.Made, Promised: x.Promised, Changed: x.Changed}
		if x.Credit.Positive() {
			line.Returned = plain(x.Credit)
		}
		for _, m := range x.Said {
			line.Messages = append(line.Messages, SaidLine(m))
		}
		d.Disputes = append(d.Disputes, line)
	}
	return err
}

func (s *Service) friends(ctx context.Context, who client.ID, d *Data) (err error) {
	if s.d.Ports.Friends == nil {
		return nil
	}
	all, err := s.d.Ports.Friends(ctx, who)
	if err != nil {
		return err
	}
	for _, f := range all {
		d.Friends = append(d.Friends, FriendLine(f))
	}
	d.Findable, err = s.d.Ports.Findable(ctx, who)
	return err
}

func (s *Service) internet(ctx context.Context, who client.ID, d *Data) error {
	if s.d.Ports.Authentications == nil {
		return nil
	}
	all, err := s.d.Ports.Authentications(ctx, who)
	for _, x := range all {
		d.Internet = append(d.Internet, InternetLine(x))
	}
	return err
}

func (s *Service) deletions(ctx context.Context, who client.ID, d *Data) error {
	all, err := s.Deletions(ctx, who)
	for _, one := range all {
		d.Deletions = append(d.Deletions, DeletionLine{
			ID: one.ID.Text(DeletionPrefix), State: one.State.Name(), Made: one.Made, AnswerBy: one.AnswerBy,
		})
	}
	return err
}
