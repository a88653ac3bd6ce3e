package api

import (
	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/authentication"
	"rocketbank/internal/bank/card"
	"rocketbank/internal/bank/claim"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/receiver"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/bank/webhook"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/ledger"
)

// Codes lists every refusal that this API may give: its stable code, its text
// and its status. A code is never renamed and never means something else.
func Codes() []*fault.Error {
	var out []*fault.Error
	for _, err := range []error{
		errNoToken, access.ErrBadToken, access.ErrScope, errTooOften,
		errNoRoute, errMethod, errMediaType, errTooLarge, errTimeout,
		errJSON, errUTF8, errTrailing, errDeep, errDuplicate, errUnknown, errType, errAmountType, errRequired,
		errQuery, errParam, errParamTwice, errLimit, errCursor, errTime, errTimeOrder,
		client.ErrNobody, access.ErrMissing, operation.ErrMissing, transfer.ErrMissing,
		phone.ErrEmpty, phone.ErrShort, phone.ErrLong, phone.ErrInvalid,
		transfer.ErrNotAClient, transfer.ErrSelf, transfer.ErrBlocked, limit.ErrLookups, limit.ErrCardRefusals,
		locale.ErrAmountEmpty, locale.ErrAmountInvalid, locale.ErrAmountDecimals, locale.ErrAmountPositive, locale.ErrAmountLarge, errCurrency,
		transfer.ErrPayee, transfer.ErrAccount, transfer.ErrQuote, transfer.ErrQuoteExpired, tariff.ErrChanged, tariff.ErrNoPrice,
		transfer.ErrMessageLong, transfer.ErrMessageChars, errSignature, order.ErrNotSigned, order.ErrNoReceipt,
		errKey, errKeyForm, transfer.ErrKeyReused,
		transfer.ErrInsufficientFunds, limit.ErrOneTransfer, limit.ErrOutgoingDay, limit.ErrOutgoingMonth,
		limit.ErrSimplifiedDay, limit.ErrSimplifiedMonth, limit.ErrReducedOne, limit.ErrReducedDay, limit.ErrTokenOne, limit.ErrTokenDay, ledger.ErrClosedAccount,
		payout.ErrMissing, payout.ErrTarget, payout.ErrClosed, payout.ErrQuote, payout.ErrQuoteExpired, payout.ErrAccount, payout.ErrInsufficientFunds, payout.ErrKeyReused, payout.ErrBlocked,
		payout.ErrCardChars, payout.ErrCardShort, payout.ErrCardLong, payout.ErrCardExtra, payout.ErrCardSwapped, payout.ErrCardNumber, errOurCard,
		claim.ErrMissing, claim.ErrPhone, claim.ErrSelf, claim.ErrAccount, claim.ErrQuote, claim.ErrQuoteExpired, claim.ErrInsufficientFunds, claim.ErrTooMany,
		claim.ErrKeyReused, claim.ErrBlocked, claim.ErrUnderWay, claim.ErrGone, errNoLinks,
		receiver.ErrClosed, receiver.ErrNoBank, receiver.ErrNobody, receiver.ErrNotConnected, receiver.ErrUnwilling, receiver.ErrDown, receiver.ErrNoDefault, receiver.ErrOld, receiver.ErrToken,
		card.ErrMissing, card.ErrName, card.ErrArt, card.ErrUntil, card.ErrPlace, card.ErrWish, card.ErrCountry, card.ErrGroup, card.ErrCap, card.ErrMerchant,
		card.ErrTooMany, card.ErrBlocked, card.ErrNotActive, card.ErrNotFrozen, card.ErrNotSuspended, card.ErrBankFroze, card.ErrDead, card.ErrNoDelivery,
		card.ErrNoChange, errLooser, errCardKey, errDate,
		authentication.ErrMissing, authentication.ErrOver, errForeign,
		webhook.ErrMissing, webhook.ErrURL, webhook.ErrFamily, webhook.ErrMany,
		dispute.ErrMissing, dispute.ErrReason, dispute.ErrWords, dispute.ErrNoSubject, dispute.ErrTooLate, dispute.ErrCameBack, dispute.ErrPaid, dispute.ErrTooMany,
		errApplicant, errUnproved, errIsClient, access.ErrNotMobile, access.ErrTooManyCodes, access.ErrResendEarly, access.ErrStep, access.ErrNoFlow,
		access.ErrCodeForm, access.ErrWrongCode, access.ErrCodeStale, access.ErrCodesPaused, access.ErrCodeWordForm,
		application.ErrMissing, application.ErrSent, application.ErrNoRetake,
		application.ErrEmpty, application.ErrLong, application.ErrLetters, application.ErrNameLetters, application.ErrNameScript, application.ErrNameLong,
		application.ErrBirthEmpty, application.ErrBirthInvalid, application.ErrBirthYoung, application.ErrBirthOld, application.ErrEmail,
		application.ErrSeries, application.ErrNumber, application.ErrDepartment, application.ErrDate, application.ErrIssuedFuture,
		application.ErrIssuedEarly, application.ErrPassportExpired, application.ErrPostCode, application.ErrRegion, application.ErrDelivery,
		application.ErrWordEasy, application.ErrConsent, application.ErrUnfinished, application.ErrPageNeeded,
		errUploadMedia, scan.ErrEmpty, scan.ErrBig, scan.ErrKind, scan.ErrSVG, scan.ErrBroken, scan.ErrPixels, scan.ErrTiny, scan.ErrPages,
		scan.ErrNoPicture, scan.ErrLocked, scan.ErrMissing, scan.ErrBusy, scan.ErrHEIC,
		ledger.ErrBusy, ledger.ErrUnknownOutcome, errGone, errBroken,
	} {
		if f, ok := fault.As(err); ok {
			out = append(out, f)
		}
	}
	return out
}
