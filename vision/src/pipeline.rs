//! One frame through every stage: tracker, shape, alignment, descriptors, scores.
