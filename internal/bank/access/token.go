package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
)

// tokenPrefix lets people and leak scanners know whose token they found.
const tokenPrefix = "rb_"

const (
	maxTokenName  = 60 // letters
	minTokenTTL   = time.Hour
	maxTokenTTL   = 366 * 24 * time.Hour // a year, also a leap year
	hintLetters   = len(tokenPrefix) + 4
	proofFor      = 5 * time.Minute // how long a passcode check may be used
	tokenUsedStep = time.Minute     // the last use is kept this exactly
)

// #nosec G101 -- names of columns
const tokenColumns = `id, name, hint, scopes, public_key, created_us, expires_us, last_us, cap_order_minor, cap_day_minor`

var (
	qTokenNew = db.Query(`INSERT INTO api_token (client, id, name, hint, scopes, public_key, created_us, expires_us, last_us, cap_order_minor, cap_day_minor)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)`)
	qTokenCount = db.Query(`SELECT COUNT(*) FROM api_token WHERE client = $1 AND revoked_us IS NULL AND expires_us > $2`)
	qTokens     = db.Query(`SELECT ` + tokenColumns + ` FROM api_token
		WHERE client = $1 AND revoked_us IS NULL ORDER BY id DESC LIMIT 200`)
	qTokenUsed   = db.Query(`UPDATE api_token SET last_us = $3 WHERE client = $1 AND id = $2 AND last_us < $3`)
	qTokenRevoke = db.Query(`UPDATE api_token SET revoked_us = $3 WHERE client = $1 AND id = $2 AND revoked_us IS NULL`)
)

// CreateToken makes an API token that reads, for whoever has just proved
// himself; the secret is in the answer and never again. A token that may send
// money is offered first and signed: see OfferToken.
func (s *Service) CreateToken(ctx context.Context, p Proof, n NewToken) (Token, vault.Hidden, error) {
	if p.client == 0 || s.now().Sub(p.at) > proofFor {
		return Token{}, vault.Hidden{}, ErrStepUp
	}
	n, err := n.checked()
	if err != nil {
		return Token{}, vault.Hidden{}, err
	}
	if n.PublicKey != nil || slices.Contains(n.Scopes, ScopeTransfer) { // nobody signed for it
		return Token{}, vault.Hidden{}, ErrTokenKey
	}
	return s.makeToken(ctx, p.client, n, nil)
}

// makeToken makes the token; also is what else lands with it.
func (s *Service) makeToken(ctx context.Context, who client.ID, n NewToken, also func(context.Context, db.Tx) error) (Token, vault.Hidden, error) {
	now := s.now()
	secret := tokenPrefix + newSecret()
	t := Token{
		Client: who, ID: s.ids.New(), Name: n.Name, Hint: secret[:hintLetters] + "…", Scopes: n.Scopes,
		Created: now, Expires: now.Add(n.TTL), PublicKey: n.PublicKey, OrderCap: n.OrderCap, DayCap: n.DayCap,
	}
	err := s.db.Write(ctx, func(tx db.Tx) error {
		var live int
		if err := tx.Row(ctx, qTokenCount, int64(who), micro(now)).Scan(&live); err != nil {
			return fmt.Errorf("count tokens: %w", err)
		}
		if live >= s.limits.Tokens {
			return ErrTokenCount.With("n", s.limits.Tokens)
		}
		if _, err := tx.Exec(ctx, qTokenNew, int64(t.Client), t.ID.Bytes(), t.Name, t.Hint, joinScopes(t.Scopes), t.PublicKey,
			micro(t.Created), micro(t.Expires), t.OrderCap.Minor, t.DayCap.Minor); err != nil {
			return fmt.Errorf("make a token: %w", err)
		}
		if _, err := tx.Exec(ctx, qBear, s.apiHash(secret), bearToken, int64(t.Client), t.ID.Bytes()); err != nil {
			return fmt.Errorf("make a token: %w", err)
		}
		if also != nil {
			if err := also(ctx, tx); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, t.Client, "token.made", t.ID.Text(TokenPrefix), joinScopes(t.Scopes))
	})
	if err != nil {
		return Token{}, vault.Hidden{}, err
	}
	return t, vault.Hide(secret), nil
}

func (n NewToken) checked() (NewToken, error) {
	n.Name = strings.TrimSpace(n.Name)
	bad := func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }
	switch {
	case n.Name == "" || utf8.RuneCountInString(n.Name) > maxTokenName || strings.ContainsFunc(n.Name, bad):
		return n, ErrTokenName.At("name")
	case len(n.Scopes) == 0 || len(n.Scopes) > 8:
		return n, ErrTokenScope.At("scope")
	case n.TTL < minTokenTTL || n.TTL > maxTokenTTL:
		return n, ErrTokenExpiry.At("days")
	}
	n.Scopes = slices.Clone(n.Scopes)
	slices.Sort(n.Scopes)
	n.Scopes = slices.Compact(n.Scopes)
	for _, scope := range n.Scopes {
		if scope != ScopeRead && scope != ScopeTransfer {
			return n, ErrTokenScope.At("scope")
		}
	}
	if n.PublicKey == nil {
		n.OrderCap, n.DayCap = money.Rub(0), money.Rub(0)
		return n, nil
	}
	if _, err := ParseKey(n.PublicKey); err != nil || !slices.Contains(n.Scopes, ScopeTransfer) {
		return n, ErrTokenKey
	}
	if n.OrderCap.Cur != money.RUB || n.DayCap.Cur != money.RUB || !n.OrderCap.Positive() || n.DayCap.Minor < n.OrderCap.Minor || n.DayCap.Minor > maxDayCap {
		return n, ErrTokenCaps.With("max", money.Rub(maxDayCap))
	}
	return n, nil
}

// Tokens lists a client's tokens that were not revoked, newest first.
func (s *Service) Tokens(ctx context.Context, who client.ID) ([]Token, error) {
	rows, err := s.db.Rows(ctx, qTokens, int64(who))
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	defer rows.Close()
	var out []Token
	for rows.Next() {
		t, err := scanToken(rows.Scan, Token{Client: who})
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, rows.Err()
}

// TokenAlive tells whether a client's token may still be used.
func (s *Service) TokenAlive(ctx context.Context, who client.ID, token id.ID) (bool, error) {
	all, err := s.Tokens(ctx, who)
	if err != nil {
		return false, err
	}
	now := s.now()
	return slices.ContainsFunc(all, func(t Token) bool { return t.ID == token && now.Before(t.Expires) }), nil
}

// RevokeToken makes one of the client's tokens worthless at once.
func (s *Service) RevokeToken(ctx context.Context, who client.ID, token id.ID) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qTokenRevoke, int64(who), token.Bytes(), micro(s.now()))
		if err != nil {
			return fmt.Errorf("revoke a token: %w", err)
		}
		if n == 0 {
			return ErrMissing
		}
		if _, err := tx.Exec(ctx, qUnbear, int64(who), token.Bytes()); err != nil {
			return fmt.Errorf("revoke a token: %w", err)
		}
		return s.record(ctx, tx, who, "token.revoked", token.Text(TokenPrefix), "")
	})
}

// ByToken tells who holds an API token; ErrBadToken for everything that is
// unknown, expired or revoked. It asks the database every time, so that a
// revocation counts at once in every process.
func (s *Service) ByToken(ctx context.Context, secret string) (Token, error) {
	hash := s.apiHash(secret)
	if hash == nil {
		return Token{}, ErrBadToken
	}
	t, err := s.tokens.Find(hash)
	if err != nil {
		return Token{}, err
	}
	now := s.now()
	if !now.Before(t.Expires) {
		return Token{}, ErrBadToken
	}
	if now.Sub(t.Last) >= tokenUsedStep {
		if err := s.db.Write(ctx, func(tx db.Tx) error {
			_, err := tx.Exec(ctx, qTokenUsed, int64(t.Client), t.ID.Bytes(), micro(now))
			return err
		}); err != nil {
			return Token{}, fmt.Errorf("last use of a token: %w", err)
		}
		t.Last = now
	}
	return t, nil
}

func (s *Service) apiHash(secret string) []byte {
	rest, ok := strings.CutPrefix(secret, tokenPrefix)
	if !ok || len(rest) != b64.EncodedLen(tokenBytes) {
		return nil
	}
	return s.vault.Lookup(vault.API, secret)
}

func scanToken(scan func(...any) error, t Token) (Token, error) {
	var raw []byte
	var scopes string
	var created, expires, last, capOrder, capDay int64
	if err := scan(&raw, &t.Name, &t.Hint, &scopes, &t.PublicKey, &created, &expires, &last, &capOrder, &capDay); err != nil {
		return Token{}, fmt.Errorf("read a token: %w", err)
	}
	var err error
	if t.ID, err = id.FromBytes(raw); err != nil {
		return Token{}, fmt.Errorf("read a token: %w", err)
	}
	for _, scope := range strings.Split(scopes, ",") {
		t.Scopes = append(t.Scopes, Scope(scope))
	}
	t.Created, t.Expires, t.Last = moment(created), moment(expires), moment(last)
	t.OrderCap, t.DayCap = money.Rub(capOrder), money.Rub(capDay)
	return t, nil
}

func joinScopes(scopes []Scope) string {
	texts := make([]string, len(scopes))
	for i, s := range scopes {
		texts[i] = string(s)
	}
	return strings.Join(texts, ",")
}
