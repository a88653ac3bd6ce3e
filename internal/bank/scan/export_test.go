package scan

import (
	"context"

	"github.com/tetratelabs/wazero"
)

// WithHEIC gives the service another way of making the HEIC decoder.
func (s *Service) WithHEIC(build func(context.Context, wazero.Runtime) (wazero.CompiledModule, error)) {
	s.heic.build = build
}

// Kept gives what would be written, before it is sealed.
func Kept(p Prepared) (picture, thumb []byte) { return p.picture, p.thumb }
