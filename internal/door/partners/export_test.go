package partners

// Paths gives the paths of the route table.
func Paths() []string {
	var out []string
	for _, rt := range (&door{}).routes() {
		out = append(out, rt.path)
	}
	return out
}
