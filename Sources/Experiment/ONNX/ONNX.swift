// Networks from files: reads the ONNX format, which PyTorch, JAX and Keras export, and makes a plan of a graph for
// inputs of one size. It trusts nothing that a file says. Imports Model for plans, Files and Glibc to read; it
// computes nothing but sizes and constants. Learning runs the plans.
