"""Whole epochs of training in compiled loops (ADR 17): loss, penalties, gradient and Adam."""
