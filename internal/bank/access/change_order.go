package access

import (
	"context"
	"encoding/json"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// The refusals of changes that wait for their signature.
var (
	ErrChangeOffer = fault.New(fault.Refused, "access.change_offer")        // altered, another session's or too old: begin again
	ErrChangeProof = fault.New(fault.Forbidden, "access.change_not_signed") // the signed order is not this one
)

// Offer is a dangerous change that has passed every check and waits for its
// order to be signed. Token brings it back, in the session that made it, for
// ten minutes; until then nothing is stored.
type Offer struct {
	Token string
	Order order.Document
}

// Done is a change that was carried out.
type Done struct {
	Kind    order.Kind
	Factor  Factor  // FactorPasscode or FactorPhone, for a changed way in
	Passkey Passkey // that was added
}

const changeTable = "access.change_offer"

// changeBody is what an offer holds under its seal. One of Add, Remove,
// Passcode and Number says what changes.
type changeBody struct {
	ID      id.ID `json:"id"`
	Who     id.ID `json:"who"`
	Session id.ID `json:"session"`
	Device  id.ID `json:"device"`
	Made    int64 `json:"made"` // Unix seconds

	Add      *offeredKey    `json:"add,omitempty"`
	Remove   *removedKey    `json:"remove,omitempty"`
	Passcode *offeredPass   `json:"passcode,omitempty"`
	Number   *offeredNumber `json:"number,omitempty"`
}

type offeredKey struct {
	ID         id.ID  `json:"id"`
	Name       string `json:"name"`
	Credential []byte `json:"credential"`
	PublicKey  []byte `json:"public_key"` // COSE
	Print      string `json:"print"`
	AAGUID     []byte `json:"aaguid"`
	Transports string `json:"transports"`
	Flags      uint8  `json:"flags"`
	Uses       uint32 `json:"uses"`
	Synced     bool   `json:"synced"`
}

type removedKey struct {
	ID    id.ID  `json:"id"`
	Name  string `json:"name"`
	Print string `json:"print"`
}

type offeredPass struct {
	Hash string `json:"hash"`
}

type offeredNumber struct {
	ID   id.ID  `json:"id"`
	From string `json:"from"`
	To   string `json:"to"`
}

func (b changeBody) kind() order.Kind {
	switch {
	case b.Add != nil:
		return order.NewPasskey
	case b.Remove != nil:
		return order.RemovePasskey
	}
	return order.NewFactor
}

// document is what the client confirms. A passkey stands there by the print of
// its key, a passcode not at all: it is his secret, and the text is kept.
func (b changeBody) document() order.Document {
	var lines []order.Line
	switch {
	case b.Add != nil:
		lines = []order.Line{order.Say("name", b.Add.Name), {Name: "passkey", Value: b.Add.ID.Text(PasskeyPrefix)}, {Name: "key", Value: b.Add.Print}}
	case b.Remove != nil:
		lines = []order.Line{order.Say("name", b.Remove.Name), {Name: "passkey", Value: b.Remove.ID.Text(PasskeyPrefix)}, {Name: "key", Value: b.Remove.Print}}
	case b.Passcode != nil:
		lines = []order.Line{{Name: "factor", Value: string(FactorPasscode)}}
	case b.Number != nil:
		lines = []order.Line{{Name: "factor", Value: string(FactorPhone)}, {Name: "from", Value: b.Number.From}, {Name: "to", Value: b.Number.To}}
	}
	lines = append(lines, order.Line{Name: "device", Value: b.Device.Text(DevicePrefix)})
	return order.Compose(order.Head{ID: b.ID, Kind: b.kind(), Who: b.Who, When: time.Unix(b.Made, 0).UTC()}, lines...)
}

// offer seals a change for the session that asks for it.
func (s *Service) offer(ctx context.Context, in Session, b changeBody) (Offer, error) {
	me, err := s.clients.Person(ctx, in.Client)
	if err != nil {
		return Offer{}, err
	}
	b.ID, b.Who, b.Session, b.Device, b.Made = s.ids.New(), me.UID, in.ID, in.Device, s.now().Unix()
	raw, err := json.Marshal(b)
	if err != nil {
		return Offer{}, err
	}
	sealed, err := s.vault.Seal(vault.Secret, changeAt(in), raw)
	return Offer{Token: b64.EncodeToString(sealed), Order: b.document()}, err
}

// changeAt binds an offer to its client and session.
func changeAt(in Session) vault.At {
	return vault.At{Table: changeTable, Row: append(vault.Row64(int64(in.Client)), in.ID.Bytes()...)}
}

func (s *Service) readChange(in Session, token string) (b changeBody, err error) {
	if len(token) > 2*maxOffer {
		return b, ErrChangeOffer
	}
	sealed, err := b64.Strict().DecodeString(token)
	if err != nil {
		return b, ErrChangeOffer
	}
	raw, err := s.vault.Open(vault.Secret, changeAt(in), sealed)
	if err != nil || json.Unmarshal(raw, &b) != nil || b.Session != in.ID || b.Device != in.Device || !s.now().Before(time.Unix(b.Made, 0).Add(offerTTL)) {
		return b, ErrChangeOffer
	}
	return b, nil
}

// Offered reads the order of an offer back, for a page that shows it again.
func (s *Service) Offered(in Session, token string) (order.Document, error) {
	b, err := s.readChange(in, token)
	if err != nil {
		return order.Document{}, err
	}
	return b.document(), nil
}

// CarryOut does what was offered in this session, once its order is signed; the
// signed order lands with the change. An order is carried out once.
func (s *Service) CarryOut(ctx context.Context, in Session, token string, signed order.Signed) (Done, error) {
	b, err := s.readChange(in, token)
	if err != nil {
		return Done{}, err
	}
	if !signed.Covers(in.Client, b.document()) {
		return Done{}, ErrChangeProof
	}
	on, err := s.deviceOf(ctx, s.db, in.Client, in.Device)
	if err != nil {
		return Done{}, err
	}
	out := Done{Kind: b.kind()}
	var old client.Client
	if b.Number != nil {
		if old, err = s.clients.ByID(ctx, in.Client); err != nil {
			return Done{}, err
		}
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		if err := s.standsOn(ctx, tx, in); err != nil {
			return err
		}
		if err := signed.Save(ctx, tx); err != nil {
			return err
		}
		switch {
		case b.Add != nil:
			k := b.Add.row(in.Client, on.reduced, s.now())
			out.Passkey = k.Passkey
			return s.addPasskey(ctx, tx, k, on)
		case b.Remove != nil:
			return s.endPasskey(ctx, tx, in.Client, b.Remove.ID)
		case b.Passcode != nil:
			out.Factor = FactorPasscode
			if err := s.setPasscode(ctx, tx, in.Client, b.Passcode.Hash, s.now()); err != nil {
				return err
			}
			return s.MarkChanged(ctx, tx, in.Client, Changed{Factor: FactorPasscode, Session: in.ID})
		case b.Number != nil:
			out.Factor = FactorPhone
			c := NumberChange{ID: b.Number.ID, Client: in.Client, New: phone.Number(b.Number.To)}
			return s.switchNumber(ctx, tx, c, old.Phone, in.ID)
		}
		return ErrChangeOffer
	})
	return out, err
}

func (k offeredKey) row(who client.ID, reduced int64, now time.Time) passkeyRow {
	return passkeyRow{
		client: who, credential: k.Credential, publicKey: k.PublicKey, aaguid: k.AAGUID, transports: k.Transports, flags: k.Flags, uses: k.Uses,
		reduced: reduced, Passkey: Passkey{ID: k.ID, Name: k.Name, Created: now, Synced: k.Synced},
	}
}
