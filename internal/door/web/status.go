package web

import (
	"errors"
	"net/http"

	"rocketbank/internal/base/fault"
)

// Status is the one table from a refusal to the status of its answer.
func Status(err error) int {
	switch {
	case errors.Is(err, ErrTooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrMedia):
		return http.StatusUnsupportedMediaType
	case errors.Is(err, ErrForm):
		return http.StatusBadRequest
	case errors.Is(err, ErrMethod):
		return http.StatusMethodNotAllowed
	case errors.Is(err, ErrHost):
		return http.StatusMisdirectedRequest
	}
	switch fault.CodeOf(err) {
	case fault.Invalid, fault.Refused:
		return http.StatusUnprocessableEntity
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Missing:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Throttled:
		return http.StatusTooManyRequests
	case fault.Busy:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
