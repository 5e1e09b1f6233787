// MeasuresTests
