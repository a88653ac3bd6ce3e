package access

import (
	"context"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// New makes the service.
func New(d *db.DB, v *vault.Vault, ids *id.Source, clients *client.Directory, o Options) *Service {
	panic("unwritten")
}

// StartLogin sends a code to a phone for logging in on a new device. The
// answer is the same whether the phone is a client's or not.
func (s *Service) StartLogin(ctx context.Context, p phone.Number, lang locale.Lang, from Visitor) (Flow, error) {
	panic("unwritten")
}

// FlowOf reads the flow of a browser's flow cookie; ErrNoFlow when it has none.
func (s *Service) FlowOf(ctx context.Context, token string) (Flow, error) { panic("unwritten") }

// Resend sends a further code for the flow; the earlier one stops working.
func (s *Service) Resend(ctx context.Context, p Purpose, token string, from Visitor) (Flow, error) {
	panic("unwritten")
}

// ConfirmCode takes the code from the SMS. On success Flow.Stage says which
// page comes next.
func (s *Service) ConfirmCode(ctx context.Context, p Purpose, token, code string) (Flow, error) {
	panic("unwritten")
}

// FinishLogin takes the existing passcode on a new device that has proved the
// phone (Stage AtPasscode, of either purpose), makes the device known and
// opens a session.
func (s *Service) FinishLogin(ctx context.Context, token, passcode string, from Visitor) (Entry, error) {
	panic("unwritten")
}

// KnownDevice tells whose device a device cookie is; ErrNoDevice when nobody's.
func (s *Service) KnownDevice(ctx context.Context, deviceToken string) (Known, error) {
	panic("unwritten")
}

// Login takes the passcode on a known device and opens a session.
func (s *Service) Login(ctx context.Context, deviceToken, passcode string, from Visitor) (Entry, error) {
	panic("unwritten")
}

// Session tells who holds a session cookie. The refusals say why nobody does:
// ErrNoSession, ErrIdle, ErrTooOld, ErrEnded.
func (s *Service) Session(ctx context.Context, token string, a Activity) (Session, error) {
	panic("unwritten")
}

// Alive tells whether a session still stands, for a stream that lives longer
// than its request; it is no activity.
func (s *Service) Alive(ctx context.Context, session id.ID) error { panic("unwritten") }

// ConfirmPasscode takes a fresh passcode inside a session, before an order or
// something dangerous. Wrong tries count on the device, pause it, and end the
// session at the last.
func (s *Service) ConfirmPasscode(ctx context.Context, in Session, passcode string) (Confirmed, error) {
	panic("unwritten")
}

// Logout ends the session; the device stays known.
func (s *Service) Logout(ctx context.Context, in Session) error { panic("unwritten") }

// Devices lists a client's known devices with their live sessions, the most
// recently used first. in may be zero.
func (s *Service) Devices(ctx context.Context, who client.ID, in Session) ([]Device, error) {
	panic("unwritten")
}

// EndSession ends one of the client's sessions.
func (s *Service) EndSession(ctx context.Context, who client.ID, session id.ID) error {
	panic("unwritten")
}

// EndOthers ends every session of the client but this one and tells how many.
func (s *Service) EndOthers(ctx context.Context, in Session) (int, error) { panic("unwritten") }

// EndAll ends every session of the client, this one too, and tells how many.
func (s *Service) EndAll(ctx context.Context, in Session) (int, error) { panic("unwritten") }

// ForgetDevice makes one of the client's devices a strange one and ends its sessions.
func (s *Service) ForgetDevice(ctx context.Context, who client.ID, device id.ID) error {
	panic("unwritten")
}

// CreateToken makes an API token; the secret is in the answer and never again.
func (s *Service) CreateToken(ctx context.Context, p Proof, n NewToken) (Token, vault.Hidden, error) {
	panic("unwritten")
}

// Tokens lists a client's live and expired tokens, newest first.
func (s *Service) Tokens(ctx context.Context, who client.ID) ([]Token, error) { panic("unwritten") }

// RevokeToken makes one of the client's tokens worthless at once.
func (s *Service) RevokeToken(ctx context.Context, who client.ID, token id.ID) error {
	panic("unwritten")
}

// ByToken tells who holds an API token; ErrBadToken for everything that is
// unknown, expired or revoked.
func (s *Service) ByToken(ctx context.Context, secret string) (Token, error) { panic("unwritten") }

// Sweep removes what is long over: flows, counters, ended sessions. The worker
// calls it now and then.
func (s *Service) Sweep(ctx context.Context) error { panic("unwritten") }

// SMS is a text message on its way: what the payload of an outbox event with
// the topic SMSTopic holds under seal.
type SMS struct {
	Key  id.ID // the gateway's idempotency key
	To   phone.Number
	Text vault.Hidden
	// Until is when the message is pointless and must not be sent any more; zero: never.
	Until int64 // Unix seconds
}

// SMSTopic is the outbox topic of messages to be sent.
const SMSTopic = "sms.send"

// OpenSMS reads the payload of an SMSTopic event.
func OpenSMS(v *vault.Vault, payload []byte) (SMS, error) { panic("unwritten") }

// SendSMS puts a message into the outbox within a unit of work.
func SendSMS(ctx context.Context, tx db.Tx, v *vault.Vault, owner client.ID, m SMS) error {
	panic("unwritten")
}
