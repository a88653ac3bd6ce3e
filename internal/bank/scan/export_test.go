package scan

// Kept gives what would be written, before it is sealed.
func Kept(p Prepared) (picture, thumb []byte) { return p.picture, p.thumb }
